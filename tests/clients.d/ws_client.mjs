// Node's ws: compression as RFC 7692 lets a client ask for it, in the ways of Autobahn's sections 12 and 13, which that
// suite's own server-less form does not reach: message sizes, fragments, windows, context takeover.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const [port, secure, certificate, modules] = process.argv.slice(2);
const plain = `ws://127.0.0.1:${port}/ws`;
const inTls = `wss://127.0.0.1:${secure}/ws`;
const ca = readFileSync(certificate);
const WebSocket = createRequire(modules + '/')('ws');

const offers = [
  false,
  true,
  {threshold: 0},
  {threshold: 0, clientNoContextTakeover: true},
  {threshold: 0, serverNoContextTakeover: true},
  {threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true},
  {threshold: 0, clientMaxWindowBits: 9},
  {threshold: 0, clientMaxWindowBits: 15},
  {threshold: 0, serverMaxWindowBits: 15},
  {threshold: 0, zlibDeflateOptions: {level: 9, memLevel: 9}},
  {threshold: 0, zlibDeflateOptions: {level: 1, chunkSize: 1024}},
];
const sizes = [0, 1, 16, 64, 125, 126, 255, 256, 257, 1024, 4096, 8192, 65535, 65536, 131072, 1_000_000];
const json = JSON.stringify(Array.from({length: 200}, (_, i) => ({id: i, name: 'Ä€😀 ' + (i % 7)})));

function open(address, perMessageDeflate) {
  const socket = new WebSocket(address, {perMessageDeflate, ca});
  return new Promise((done, fail) => {
    socket.on('open', () => done(socket));
    socket.on('error', fail);
  });
}

function next(socket) {
  return new Promise((done, fail) => {
    socket.once('message', (data, binary) => done(binary ? data : data.toString()));
    socket.once('close', (code) => fail(new Error('closed with ' + code)));
  });
}

let cases = 0;
async function echoed(socket, message, options) {
  const back = next(socket);
  socket.send(message, options ?? {});
  const got = await back;
  assert.ok(typeof message === 'string' ? got === message : message.equals(got), `${message.length} of ${typeof message}`);
  socket.removeAllListeners('close');
  cases++;
}

for (const [address, offer] of [plain, inTls].flatMap((to) => offers.map((offer) => [to, offer]))) {
  const socket = await open(address, offer);
  assert.equal(socket.extensions.includes('permessage-deflate'), offer !== false);
  for (const size of sizes) {
    const text = json.repeat(Math.ceil(size / json.length) + 1).slice(0, size);
    await echoed(socket, text.isWellFormed() ? text : text.slice(0, -1));
    await echoed(socket, randomBytes(size));
    await echoed(socket, Buffer.alloc(size, 'a'));
    await echoed(socket, Buffer.alloc(size, 'b'), {compress: false});
  }
  // A message in fragments, compressed as a whole; their bounds lie within characters.
  const back = next(socket);
  const bytes = Buffer.from(json);
  for (let at = 0; at < bytes.length; at += 21) {
    socket.send(bytes.subarray(at, at + 21), {binary: false, fin: at + 21 >= bytes.length});
  }
  assert.ok((await back) === json, 'fragments');
  socket.removeAllListeners('close');
  cases++;
  const closed = new Promise((done) => socket.on('close', (code, reason) => done([code, reason.toString()])));
  socket.send('close');
  assert.deepEqual(await closed, [4000, 'as you wish']);
}

// A window that the server cannot promise: it must not agree to it, and talk without compression.
const small = await open(plain, {threshold: 0, serverMaxWindowBits: 9});
assert.equal(small.extensions, '');
await echoed(small, json);
small.terminate();
console.log(`ws: ${cases} messages came back`);
