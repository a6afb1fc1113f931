"""POSTs in bursts over connections that idle between two of them about as long as somebody lets them: idle.py PORT
ROUNDS CONNECTIONS SECONDS...

All clients post at once, wait for their answers, and pause together for one of the SECONDS, less 50 ms to more 250 ms:
then the proxy's connections to the workers have all idled for that long. A worker looks for idle ones ten times a
second. Prints: posts, and how many of them were answered with an error or not at all.
"""

import asyncio
import collections
import random
import sys

outcomes = collections.Counter()
BODY = b"x" * 100
REQUEST = (
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
)


class Client:
    def __init__(self, port):
        self.port = port
        self.writer = None

    async def post(self):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.writer.write(REQUEST)
            outcomes[await asyncio.wait_for(self.answer(), 30)] += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            outcomes["no answer"] += 1
            self.drop()
        except asyncio.TimeoutError:
            outcomes["late"] += 1
            self.drop()

    async def answer(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        await self.reader.readexactly(length)
        if "connection: close" in head:
            self.drop()
        return head.split(" ")[1]

    def drop(self):
        self.writer.close()
        self.writer = None


async def main(port, rounds, connections, pauses):
    random.seed(port)
    clients = [Client(port) for _ in range(connections)]
    for _ in range(rounds):
        await asyncio.gather(*(client.post() for client in clients))
        await asyncio.sleep(random.choice(pauses) + random.uniform(-0.05, 0.25))
    failed = {what: count for what, count in outcomes.items() if what != "200"}
    detail = ", ".join(f"{count} x {what}" for what, count in sorted(failed.items()))
    print(f"{sum(outcomes.values())} {sum(failed.values())} {detail}")


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), [float(a) for a in sys.argv[4:]]))
