-- SPDX-License-Identifier: MIT
--- What is measured: the contestants, and the groups of cases, each with its bars.

local M = {}

local EVERY = { plain = true, tls = true, http2 = true }

--- The programs, each of which takes CALLS AT_ONCE URL CA_FILE. A peer is there when `needs` succeeds.
--- `effort` is the share of the calls that it makes, for those that are slow; `only` its protocols.
M.CONTESTANTS = {
  raw = { name = "raw C, libcurl", command = "build/bench/raw" },
  sequence = { name = "`update_qualification`", command = "lua5.4 tests/bench/ours.lua sequence" },
  run = { name = "`update_qualifications`", command = "lua5.4 tests/bench/ours.lua run" },
  events = { name = "the same, `on_event` counts", command = "lua5.4 tests/bench/ours.lua events" },
  journal = { name = "the same, SQLite journal", command = "lua5.4 tests/bench/ours.lua journal" },
  start = { name = "`client:start`", command = "lua5.4 tests/bench/ours.lua start" },
  nothing = { name = "`lua5.4` alone", command = "lua5.4 /dev/null" },
}

--- A group is measured in rounds, one measurement of each case a round, and each case's ratio to the
--- group's reference is taken within the round.
---
--- `quantity` says what is compared:
---   cpu      microseconds of CPU time for a call \  between `base` and `calls` calls,
---   wall     microseconds of time for a call      > so that start, connections and
---   memory   KiB of resident memory for a call   /  handshakes cancel out
---   peak     MiB of resident memory, at the most
---   elapsed  milliseconds of the whole program
--- `reference` is a contestant or a number of that quantity; `difference` compares by subtraction, not by
--- ratio. A case may have its own `calls`, `base`, `at_once` and a `bar`: the most that is allowed, for
--- all protocols or by protocol.
M.GROUPS = {
  {
    name = "one after the other", quantity = "cpu", plot = true, protocols = EVERY,
    calls = 10000, base = 200, at_once = 1, reference = "raw",
    { "sequence", bar = 1.10 },
  },
  {
    name = "64 in flight", quantity = "cpu", plot = true, protocols = EVERY,
    calls = 20000, base = 200, at_once = 64, reference = "raw",
    { "run", bar = { plain = 1.20, tls = 1.12, http2 = 1.12 } },
    { "events", bar = 1.35 },
    { "journal", bar = 2.0 },
  },
  {
    name = "2,000 calls, 64 in flight, each answered after 20 ms: time over the ideal", quantity = "wall",
    protocols = EVERY, delay = 20,
    calls = 2064, base = 64, at_once = 64, reference = 20000 * 32 / 2000, -- 32 times 64 calls, less 48
    { "raw" },
    { "run", bar = 1.05 },
  },
  {
    name = "10,000 started at once, over 64", quantity = "cpu", protocols = EVERY,
    calls = 10000, base = 200, at_once = 64, reference = "start",
    { "start", at_once = 10000, bar = 1.2 },
  },
  {
    name = "1,000 in flight, each answered after 50 ms", quantity = "cpu", protocols = EVERY,
    delay = 50, calls = 20000, base = 2000, at_once = 1000, reference = "raw",
    { "run", bar = 1.2 },
  },
  {
    name = "resident memory for a call in flight, beyond libcurl's", quantity = "memory",
    protocols = EVERY, delay = 50,
    calls = 1000, base = 10, at_once = 1000, reference = "raw", difference = true,
    { "run", bar = 4 },
    { "start", bar = 4 },
  },
  {
    name = "resident memory after 1,000,000 calls, over that after 10,000", quantity = "peak", protocols = { plain = true },
    calls = 10000, at_once = 64, reference = "run", rounds = 1,
    { "run", calls = 1000000, bar = 1.05 },
  },
  {
    name = "`require` and `new`, in a new process", quantity = "elapsed", protocols = { plain = true },
    calls = 0, at_once = 1, reference = "nothing", difference = true, rounds = 41,
    { "sequence", bar = 5 },
  },
}

return M
