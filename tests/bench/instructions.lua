-- SPDX-License-Identifier: MIT
--- instructions.lua: see tests/bench/instructions, which runs it.

local cases = require "tests.bench.cases"
local files = require "tests.support.files"
local upstream = require "tests.bench.upstream"

local BAR = 1.12
local FEW, MANY = 100, 600 -- calls

--- How often both are counted, of which the least counts: a slow server makes a client look for its answer more often.
--- More often than the first number only while the bar is missed.
local ROUNDS, MOST_ROUNDS = 3, 9

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

--- Counts what a call takes once more, and keeps the least.
local function count(least, name, server)
  for _, calls in ipairs { FEW, MANY } do
    least[calls] = math.min(least[calls] or math.huge, count_once(name, calls, server))
  end
end

local function for_a_call(least)
  return (least[MANY] - least[FEW]) / (MANY - FEW)
end

--- How many times the instructions of the reference a call takes.
local function compare(server)
  local reference, ours, round = {}, {}, 0
  local ratio
  repeat
    count(reference, "raw", server)
    count(ours, "sequence", server)
    round, ratio = round + 1, for_a_call(ours) / for_a_call(reference)
  until round >= ROUNDS and ratio <= BAR or round == MOST_ROUNDS
  print(("%.0f instructions a call, and %.0f of the reference, in %d rounds"):format(for_a_call(ours),
    for_a_call(reference), round))
  return ratio
end

local server = upstream.start "plain"
local ok, ratio = pcall(compare, server)
server.stop()
assert(ok, ratio)
print(("%.3f times as many; at the most %.2f"):format(ratio, BAR))
os.exit(ratio <= BAR)
