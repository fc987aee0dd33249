-- SPDX-License-Identifier: MIT
--- instructions.lua: see tests/bench/instructions, which runs it.

local cases = require "tests.bench.cases"
local files = require "tests.support.files"
local upstream = require "tests.bench.upstream"

local BAR = 1.12
local FEW, MANY = 100, 600 -- calls

local ROUNDS = 3 -- of which the least counts: a slow server makes a client look for its answer more often

--- The instructions of a whole run, start and end included.
local function count_once(name, calls, server)
  local path = os.tmpname()
  local output = files.output_of(("valgrind --tool=callgrind --callgrind-out-file=%s %s %d 1 %s %s 2>&1 && echo done")
    :format(path, cases.CONTESTANTS[name].command, calls, server.url(0), server.ca_file))
  assert(output:match "done\n$", output)
  local instructions = assert(files.read(path):match "\ntotals: (%d+)", "callgrind has not counted")
  os.remove(path)
  return tonumber(instructions)
end

local function count(...)
  local least = math.huge
  for _ = 1, ROUNDS do
    least = math.min(least, count_once(...))
  end
  return least
end

local function for_a_call(name, server)
  local of_one = (count(name, MANY, server) - count(name, FEW, server)) / (MANY - FEW)
  print(("%-24s %9.0f instructions a call"):format(cases.CONTESTANTS[name].name, of_one))
  return of_one
end

local server = upstream.start "plain"
local ok, ratio = pcall(function()
  local reference = for_a_call("raw", server)
  return for_a_call("sequence", server) / reference
end)
server.stop()
assert(ok, ratio)
print(("%.3f times as many; at the most %.2f"):format(ratio, BAR))
os.exit(ratio <= BAR)
