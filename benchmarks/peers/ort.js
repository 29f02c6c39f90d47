// ONNX Runtime behind a line protocol: one JSON request per line on stdin, one JSON answer per line on stdout.
//   {"load": path, "threads": n}                                    -> {"ms": milliseconds to create the session}
//   {"run": count, "inputs": [{"name", "type", "shape", "file"}]}   -> {"ms": [...], "output": [...], "peakMiB": n}
// "file" holds the raw little-endian values; inputs are kept until others are named. The clock surrounds the run call alone.
'use strict';
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');

let session = null;
let feeds = null;

async function load({ load: path, threads }) {
  const start = performance.now();
  if (session) await session.release();
  session = await ort.InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    // Threads that spin after a run would slow whatever is timed next.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  return { ms: performance.now() - start };
}

function tensor({ type, shape, file }) {
  const bytes = fs.readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return new ort.Tensor(type, type === 'int64' ? new BigInt64Array(buffer) : new Float32Array(buffer), shape);
}

function peakMiB() {
  const line = /VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return Math.round(Number(line[1]) / 1024);
}

async function run({ run: count, inputs }) {
  if (inputs) feeds = Object.fromEntries(inputs.map((input) => [input.name, tensor(input)]));
  const ms = [];
  let output = null;
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const results = await session.run(feeds);
    ms.push(performance.now() - start);
    output = results[session.outputNames[0]].data;
  }
  return { ms, output: Array.from(output.subarray(0, 8192)), peakMiB: peakMiB() };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      const request = JSON.parse(line);
      answer = await (request.load ? load(request) : run(request));
    } catch (error) {
      answer = { error: String(error.message || error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}

main();
