"""A peer: the script that many write instead, aiohttp and a semaphore.

  asyncio_client.py URL-PREFIX COUNT CONCURRENCY

requests URL-PREFIX1 … URL-PREFIXCOUNT and tries each up to six times, with
backoff; keeps nothing."""

import asyncio
import sys

import aiohttp


async def fetch(session, url):
    delay = 0.5
    for _ in range(6):
        try:
            async with session.get(url) as response:
                await response.read()
                if response.status < 500 and response.status != 429:
                    return response.status < 400
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(delay)
        delay *= 2
    return False


async def worker(session, prefix, numbers):
    good = 0
    for number in numbers:
        good += await fetch(session, f"{prefix}{number}")
    return good


async def main(prefix, count, concurrency):
    connector = aiohttp.TCPConnector(limit=concurrency)
    numbers = iter(range(1, count + 1))
    async with aiohttp.ClientSession(connector=connector) as session:
        good = await asyncio.gather(*(worker(session, prefix, numbers) for _ in range(concurrency)))
    print(sum(good), "good")
    return sum(good) != count


sys.exit(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
