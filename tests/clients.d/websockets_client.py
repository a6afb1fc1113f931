"""Python's websockets, with and without compression: messages of every kind, fragments, pings, the close."""

import asyncio
import ssl
import sys

import websockets

TEXTS = ["", "short", "ä€😀" * 1000, "a" * 1_000_000]


async def talk(address, tls, compression):
    async with websockets.connect(address, ssl=tls, compression=compression, max_size=None) as socket:
        for text in TEXTS:
            await socket.send(text)
            assert await socket.recv() == text, len(text)
        for size in [0, 1, 125, 126, 65535, 65536, 1_000_000]:
            data = bytes(i * 7 & 255 for i in range(size))
            await socket.send(data)
            assert await socket.recv() == data, size
        await socket.send(["in ", "three ", "parts"])
        assert await socket.recv() == "in three parts"
        await (await socket.ping())
        # Many at once, so that frames meet the bounds of reads.
        numbers = [str(i) * (i % 50) for i in range(5000)]

        async def send():
            for number in numbers:
                await socket.send(number)

        sending = asyncio.create_task(send())
        for number in numbers:
            assert await socket.recv() == number
        await sending
        await socket.send("close")
        try:
            await socket.recv()
            raise AssertionError("still open")
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd.code == 4000 and closed.rcvd.reason == "as you wish", closed


async def main(port, secure, certificate):
    tls = ssl.create_default_context(cafile=certificate)
    for compression in ["deflate", None]:
        await asyncio.wait_for(talk(f"ws://127.0.0.1:{port}/ws", None, compression), 120)
        await asyncio.wait_for(talk(f"wss://127.0.0.1:{secure}/ws", tls, compression), 120)


asyncio.run(main(*sys.argv[1:]))
