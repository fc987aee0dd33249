-- SPDX-License-Identifier: MIT
--- How many calls a run makes at the same time.
local pace = require "partnercenter.pace"

describe("the pace of a run", function()
  --- How many calls it allows now.
  local function allowed(one)
    local count = 0
    while one:allows(count) do
      count = count + 1
    end
    return count
  end

  it("is the most at first, and stays so while nothing is refused", function()
    local one = pace.new(16, 3)
    for _ = 1, 100 do
      assert.equal(16, allowed(one))
      one:note(3)
    end
    assert.equal(16, allowed(one))
  end)

  it("is halved by a refusal, once for the calls that were under way together", function()
    local one = pace.new(16, 0)
    one:note(1)
    assert.equal(8, allowed(one))
    for i = 2, 7 do
      one:note(i)
    end
    assert.equal(8, allowed(one))
    for i = 8, 30 do
      one:note(i)
    end
    assert.equal(1, allowed(one))
  end)

  it("never stands still", function()
    local one = pace.new(1, 0)
    for i = 1, 10 do
      one:note(i)
    end
    assert.equal(1, allowed(one))
  end)

  it("grows by one for as many successes as there are calls, up to the most", function()
    local one = pace.new(8, 0)
    one:note(1)
    assert.equal(4, allowed(one))
    local successes = 0
    while allowed(one) < 5 do
      one:note(1)
      successes = successes + 1
    end
    assert.is_true(successes >= 4 and successes <= 6)
    for _ = 1, 100 do
      one:note(1)
    end
    assert.equal(8, allowed(one))
  end)
end)
