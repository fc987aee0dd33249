-- SPDX-License-Identifier: MIT
--- What is measured: the contestants, and the groups of cases, each with its bars.

local M = {}

local EVERY = { plain = true, tls = true, http2 = true }

--- The programs, each of which takes CALLS AT_ONCE URL CA_FILE. A peer is there when `needs` succeeds.
--- `effort` is the share of the calls that it makes, for those that are slow; `only` its protocols; `in_sequence`
--- says that it can do one call at a time only; `more` are arguments for a protocol.
M.CONTESTANTS = {
  raw = { name = "raw C, libcurl", command = "build/bench/raw",
    more = { http2 = " 12" } }, -- connections: enough for 1,000 calls, of which a server can be expected to take 100 on each
  sequence = { name = "`update_qualification`", command = "lua5.4 tests/bench/ours.lua sequence" },
  run = { name = "`update_qualifications`", command = "lua5.4 tests/bench/ours.lua run" },
  events = { name = "the same, `on_event` counts", command = "lua5.4 tests/bench/ours.lua events" },
  journal = { name = "the same, SQLite journal", command = "lua5.4 tests/bench/ours.lua journal" },
  start = { name = "`client:start`", command = "lua5.4 tests/bench/ours.lua start" },
  lua_curl = { name = "lua-curl", command = "lua5.1 tests/bench/peers/lua_curl.lua", effort = 0.5, in_sequence = true,
    needs = "lua5.1 -e 'require [[curl]] require [[cjson]]'" },
  lua_http = { name = "lua-http", command = "lua5.1 tests/bench/peers/lua_http.lua", effort = 0.2,
    needs = "lua5.1 -e 'require [[http.client]] require [[cjson]]'" },
  luasocket = { name = "LuaSocket, LuaSec (no kept connection)", command = "lua5.4 tests/bench/peers/luasocket.lua",
    effort = 0.1, in_sequence = true, only = "plain tls", needs = "lua5.4 -e 'require [[ssl.https]] require [[cjson]]'" },
  node = { name = "Node.js", command = "node tests/bench/peers/node.js", effort = 0.5, needs = "node --version" },
  python = { name = "Python, http.client", command = "python3 tests/bench/peers/python.py", effort = 0.2, only = "plain tls",
    needs = "python3 --version" },
  nothing = { name = "`lua5.4` alone", command = "lua5.4 /dev/null" },
  libcurl = { name = "a Lua module that only loads libcurl",
    command = "lua5.4 -e 'package.loadlib([[build/bench/libcurl.so]], [[luaopen_libcurl]])() os.exit(true)'" },
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
    calls = 5000, base = 200, at_once = 1, reference = "raw",
    { "sequence", bar = 1.10 },
    { "lua_curl" }, { "lua_http" }, { "luasocket" }, { "node" }, { "python" },
  },
  {
    name = "64 in flight", quantity = "cpu", plot = true, protocols = EVERY,
    calls = 10000, base = 200, at_once = 64, reference = "raw",
    { "run", bar = { plain = 1.20, tls = 1.12, http2 = 1.12 } },
    { "events", bar = 1.35 },
    { "journal", bar = 2.0 },
    { "lua_http" }, { "node" }, { "python" },
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
    delay = 50, rounds = 5,
    calls = 16000, base = 6000, -- by when the connections have been opened
    at_once = 1000, reference = "raw",
    { "run", bar = 1.2 },
  },
  {
    name = "resident memory for a call in flight, beyond libcurl's", quantity = "memory",
    protocols = EVERY, delay = 2000, rounds = 3, -- (so long that all are in flight before the first answer)
    calls = 1000, base = 10, at_once = 1000, reference = "raw", difference = true,
    { "run", bar = 4 },
  },
  {
    name = "resident memory for a started call that waits for a connection", quantity = "memory", protocols = EVERY,
    rounds = 3,
    calls = 10000, base = 4000, -- of which 3,200 may be on their way over HTTP/2
    at_once = 10000, reference = 0, difference = true,
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
    { "raw" },
    { "libcurl" },
    { "sequence", bar = 5 },
  },
}

return M
