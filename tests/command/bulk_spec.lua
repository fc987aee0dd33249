-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local sandbox = require "partnercenter.sandbox"
local socket = require "socket"
local support = require "tests.command.support"

describe("partnercenter bulk", function()
  local server, folder, settings, arguments

  before_each(function()
    server = assert(sandbox.start { vetting_time = 0.2 })
    folder, settings = support.folder(), server:client_options()
    arguments = ("bulk %s/c.csv --journal %s/run.db"):format(folder, folder)
  end)

  after_each(function()
    server:stop()
    support.remove(folder)
  end)

  local function updates()
    local count, by_customer = 0, {}
    for _, request in ipairs(server:requests()) do
      if request.method == "POST" and request.path:find "/qualifications$" then
        local id = request.path:match "customers/([^/]+)"
        by_customer[id] = by_customer[id] or {}
        by_customer[id][request.headers["ms-requestid"]] = true
        count = count + 1
      end
    end
    return count, by_customer
  end

  --- Goes on with a run, and checks that each customer was updated once: by one request id.
  local function go_on(total, more)
    local status, _, err = support.run(folder, settings, arguments .. (more or ""))
    assert.equal(0, status, err)
    local _, by_customer = updates()
    for number = 1, total do
      local ids = 0
      for _ in pairs(by_customer[support.customer(number)]) do
        ids = ids + 1
      end
      assert.equal(1, ids)
    end
    local _, out = support.run(folder, {}, ("report %s/run.db --json"):format(folder))
    local summary = cjson.decode(out:match "^[^\n]*")
    assert.equal(total, summary.counts.succeeded)
  end

  it("prints a line for each, and skips what has ended", function()
    support.write_csv(folder .. "/c.csv", 1, 40)
    local status, out, err = support.run(folder, settings, arguments)
    assert.equal(0, status)
    assert.equal(40, select(2, out:gsub("succeeded\t[%x-]+\tEducation\tInReview\t\n", "")))
    assert.matches("^40 customers: 40 succeeded, in 0:0%d%.\n$", err)
    status, out, err = support.run(folder, settings, arguments)
    assert.equal(0, status)
    assert.equal("", out)
    assert.matches("40 skipped", err)
    assert.equal(40, (updates()))
  end)

  it("tells of the denied and the failed, with 1", function()
    support.write_csv(folder .. "/c.csv", 1, 3, "denied.example")
    support.run(folder, settings, ("update %s StateOwnedEntity"):format(support.customer(2)))
    local status, out, err = support.run(folder, settings, arguments .. " --wait --interval 0.1 --json")
    assert.equal(1, status)
    local states = {}
    for line in out:gmatch "[^\n]+" do
      local record = cjson.decode(line)
      states[record.customer_id] = record
    end
    assert.equal("Not an Education Customer", states[support.customer(1)].vettingReason)
    assert.equal("already_exists", states[support.customer(2)].error.category)
    assert.equal(4, states[support.customer(3)].line)
    assert.matches("0 succeeded, 2 denied, 1 failed", err)
    assert.matches("partnercenter report " .. folder, err)
  end)

  for _, name in ipairs { "INT", "TERM", "HUP" } do
    it("ends after SIG" .. name .. " where nothing is under way, and goes on", function()
      support.write_csv(folder .. "/c.csv", 1, 300)
      server:fail { delay = 0.1, times = 1000, path = "/qualifications" }
      local process = support.start(folder, settings, arguments)
      support.wait_for(function() return (updates()) > 40 end)
      process.signal(name)
      local status, _, err = process.wait()
      assert.equal(130, status)
      assert.matches("SIG" .. name .. ": waiting", err)
      assert.equal(("To go on: partnercenter %s"):format(arguments), err:match "([^\n]*)\n$")
      local ended = tonumber(err:match "(%d+) of 300 customers have ended")
      assert.equal((updates()), ended) -- all that had left were waited for
      assert.is_true(ended < 300)
      go_on(300)
    end)
  end

  it("ends at once after a second signal, and goes on", function()
    support.write_csv(folder .. "/c.csv", 1, 60)
    server:fail { delay = 2, times = 16, path = "/qualifications" }
    local process = support.start(folder, settings, arguments)
    support.wait_for(function() return (updates()) == 16 end)
    process.signal "INT"
    socket.sleep(0.5)
    process.signal "INT"
    assert.equal(130, (process.wait()))
    go_on(60)
  end)

  for _, more in ipairs { "", " --wait" } do
    it("sends nothing more after a signal" .. more, function()
      support.write_csv(folder .. "/c.csv", 1, 60)
      server:fail { delay = 1.5, times = 8, path = "/qualifications" }
      local process = support.start(folder, settings, arguments .. " --concurrency 8" .. more)
      support.wait_for(function() return (updates()) == 8 end)
      process.signal "INT"
      local status, _, err = process.wait()
      assert.equal(130, status)
      assert.equal(8, (updates()))
      assert.equal(8, #server:requests() - 1) -- beside the one for a token
      assert.matches(more == "" and "\n8 of 60 customers have ended" or "; 8 were set%.\n", err)
    end)
  end

  it("sends nothing after a signal that comes while it waits for a token", function()
    support.write_csv(folder .. "/c.csv", 1, 60)
    server:fail { delay = 1, path = "/oauth2/token" }
    local process = support.start(folder, settings, arguments)
    support.wait_for(function() return #server:requests() == 1 end)
    process.signal "INT"
    local status, _, err = process.wait()
    assert.equal(130, status)
    assert.matches("\n0 of 60 customers have ended: 0 succeeded, 0 denied, 0 failed now", err)
    assert.equal(1, #server:requests())
    go_on(60)
  end)

  it("repeats nothing after a signal, however long the service wants to be waited for", function()
    support.write_csv(folder .. "/c.csv", 1, 60)
    server:fail { status = 429, headers = { ["Retry-After"] = "60" }, times = 1000, path = "/qualifications" }
    local process = support.start(folder, settings, arguments)
    support.wait_for(function() return (updates()) >= 16 end)
    process.signal "INT"
    local status, _, err = process.wait() -- which gives up after 30 seconds
    assert.equal(130, status)
    assert.matches("\n0 of 60 customers have ended: 0 succeeded, 0 denied, 0 failed now", err)
    assert.equal(16, (updates()))
  end)

  it("reads no further after a signal, and sends nothing", function()
    support.shell(("mkfifo %s/pipe"):format(folder))
    os.execute(("(cat %s/c.csv; exec sleep 60) > %s/pipe 2> /dev/null & echo $! > %s/writer"):format(folder, folder, folder))
    support.write_csv(folder .. "/c.csv", 1, 5)
    local process = support.start(folder, settings, ("bulk - --journal %s/run.db"):format(folder), folder .. "/pipe")
    support.wait_for(function()
      return support.shell(("cat /proc/%d/syscall"):format(process.pid)):find "^0 0x0 " -- it reads standard input
    end)
    process.signal "TERM"
    local status, _, err = process.wait()
    support.shell(("kill $(cat %s/writer)"):format(folder))
    assert.equal(130, status)
    assert.equal("partnercenter: interrupted: nothing was sent\n", err)
    assert.equal(0, #server:requests())
  end)

  it("refuses the journal of another file, unless it is to be added", function()
    support.write_csv(folder .. "/c.csv", 1, 3)
    assert.equal(0, (support.run(folder, settings, arguments)))
    support.write_csv(folder .. "/c.csv", 3, 5)
    local status, out, err = support.run(folder, settings, arguments)
    assert.equal(2, status)
    assert.equal("", out)
    assert.matches("was written for a different file: item 1 is 00000003%-.* here, and 00000001%-.* there%.\n", err)
    assert.matches("\nSay %-%-add ", err)
    assert.is_nil(err:find("add = true", 1, true) or err:find("To go on", 1, true))
    assert.equal(3, (updates()))
    status, out, err = support.run(folder, settings, arguments .. " --add")
    assert.equal(0, status)
    assert.equal(2, select(2, out:gsub("\n", "")))
    assert.matches("2 succeeded, 1 skipped", err)
    assert.equal(5, (updates()))
  end)

  it("does not wait for Microsoft after a signal", function()
    server:stop()
    server = assert(sandbox.start { vetting_time = 2 })
    settings = server:client_options()
    support.write_csv(folder .. "/c.csv", 1, 5)
    local process = support.start(folder, settings, arguments .. " --wait")
    support.wait_for(function() return (updates()) == 5 end)
    socket.sleep(0.3)
    process.signal "TERM"
    local status, _, err = process.wait()
    assert.equal(130, status)
    assert.matches("To go on: [^\n]* %-%-wait\n$", err)
    local _, out = support.run(folder, {}, ("report %s/run.db"):format(folder))
    assert.matches("vetting\t5\n", out)
  end)

  it("ends when whoever reads its output goes away, and goes on", function()
    support.write_csv(folder .. "/c.csv", 1, 200)
    server:fail { delay = 0.05, times = 1000, path = "/qualifications" }
    support.shell(("%s 2> %s/err | head -n 1"):format(support.command(folder, settings, arguments), folder))
    assert.is_true((updates()) < 200)
    local err = support.read(folder .. "/err")
    assert.matches("The output cannot be written: Broken pipe\n.*\nTo go on: partnercenter bulk [^\n]*\n$", err)
    go_on(200)
  end)

  it("ends when the output's disk is full, and goes on", function()
    support.write_csv(folder .. "/c.csv", 1, 100)
    local text = support.command(folder, settings, arguments)
    local status = support.shell(("%s > /dev/full 2> %s/err; echo $?"):format(text, folder))
    assert.equal("1\n", status)
    assert.matches("The output cannot be written: No space left on device\n.*\nTo go on: [^\n]*\n$",
      support.read(folder .. "/err"))
    go_on(100)
  end)

  it("ends when the journal's disk is full, and goes on once there is room", function()
    if not os.execute "unshare -m true 2> /dev/null" or os.execute "unshare -m true 2> /dev/null" == 1 then
      pending "this machine lets nobody but root mount anything"
      return
    end
    support.write_csv(folder .. "/c.csv", 1, 3000)
    support.shell(("mkdir %s/small"):format(folder))
    arguments = ("bulk %s/c.csv --journal %s/small/run.db"):format(folder, folder)
    local inside = ("mount -t tmpfs -o size=400k none %s/small && %s > %s/out 2> %s/err; echo $?; cp %s/small/* %s/kept")
      :format(folder, support.command(folder, settings, arguments), folder, folder, folder, folder)
    support.shell(("mkdir %s/kept"):format(folder))
    assert.equal("1\n", support.shell("unshare -m sh -c " .. support.quote(inside)))
    local err = support.read(folder .. "/err")
    assert.matches("journal: ", err)
    assert.matches("To go on: partnercenter bulk [^\n]*\n$", err)
    support.shell(("cp %s/kept/* %s/small"):format(folder, folder))
    local status, _, again = support.run(folder, settings, arguments)
    assert.equal(0, status, again)
  end)

  it("ends when the credentials are refused, with 3", function()
    support.write_csv(folder .. "/c.csv", 1, 300)
    settings.client_secret = "wrong"
    local status, _, err = support.run(folder, settings, arguments)
    assert.equal(3, status)
    assert.matches("The credentials are refused: unauthorized: ", err)
    assert.matches("To go on: ", err)
    assert.equal(0, (updates()))
    settings = server:client_options()
    assert.equal(0, (support.run(folder, settings, arguments)))
  end)
end)
