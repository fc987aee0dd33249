-- SPDX-License-Identifier: MIT
--- Things to do at certain times.
local agenda = require "partnercenter.agenda"

describe("an agenda", function()
  it("gives what is due first, whatever the order in which it came", function()
    math.randomseed(1)
    for count = 0, 40 do
      local heap, expected = agenda.new(), {}
      for i = 1, count do
        expected[i] = math.random(20)
        heap:add { due = expected[i] }
      end
      table.sort(expected)
      for i = 1, count do
        assert.equal(count - i + 1, heap.count)
        assert.equal(expected[i], heap:next_due())
        assert.equal(expected[i], heap:take().due)
      end
      assert.equal(0, heap.count)
      assert.equal(math.huge, heap:next_due())
    end
  end)

  it("can be added to in between", function()
    local heap, last, pending = agenda.new(), 0, 0
    math.randomseed(2)
    for _ = 1, 2000 do
      if pending == 0 or math.random() < 0.5 then
        heap:add { due = last + math.random(100) }
        pending = pending + 1
      else
        local due = heap:take().due
        assert.is_true(due >= last)
        last, pending = due, pending - 1
      end
    end
    assert.equal(pending, heap.count)
  end)
end)
