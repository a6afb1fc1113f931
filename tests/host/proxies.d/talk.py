"""Clients that talk over WebSockets through a proxy until TERM: talk.py URL CLIENTS

Each opens one, has twenty messages echoed, closes it and opens another. A Close with 1012 is how a worker sends its
clients to the next, at any time; a handshake that fails, an end without a Close or with another code, and a wrong echo
are failures.
"""

import asyncio
import collections
import signal
import ssl
import sys

import websockets

counts = collections.Counter()
failures = collections.Counter()
stop = asyncio.Event()


async def talk(url, context):
    async with websockets.connect(url, ssl=context, open_timeout=20, close_timeout=20) as socket:
        counts["opened"] += 1
        try:
            for number in range(20):
                text = f"message {number}"
                await socket.send(text)
                back = await asyncio.wait_for(socket.recv(), 20)
                if not back.endswith(" " + text):
                    failures["wrong echo: " + back] += 1
                    return
                counts["echoed"] += 1
                await asyncio.sleep(0.005)
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else "none"
            if code == 1012:
                counts["sent on with 1012"] += 1
            else:
                failures[f"ended with code {code}"] += 1


async def client(url, context):
    while not stop.is_set():
        try:
            await talk(url, context)
        except Exception as failed:  # whatever a library throws at a broken handshake is what is counted here
            failures[f"{type(failed).__name__}: {failed}"] += 1
            await asyncio.sleep(0.1)


async def main(url, clients):
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    context = None
    if url.startswith("wss:"):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    await asyncio.gather(*(client(url, context) for _ in range(clients)))
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())), end="")
    print(f", {sum(failures.values())} failed")
    for what, count in failures.most_common(10):
        print(f"    {count} times {what}")
    sys.exit(1 if failures or not counts["echoed"] else 0)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
