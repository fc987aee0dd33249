-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local sandbox = require "partnercenter.sandbox"
local support = require "tests.command.support"

local HEAD = "customer_id,qualification,education_segment,website,validation_code\n"
local ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

describe("the CSV file of a run", function()
  local server, folder

  setup(function()
    server = assert(sandbox.start())
    folder = support.folder()
  end)

  teardown(function()
    server:stop()
    support.remove(folder)
  end)

  local function bulk(text, redirection)
    support.write(folder .. "/c.csv", text)
    os.remove(folder .. "/run.db")
    local file = redirection and "-" or folder .. "/c.csv"
    local arguments = ("bulk %s --journal %s/run.db --json"):format(file, folder)
    return support.run(folder, server:client_options(), arguments, redirection)
  end

  --- The body of the last request to the service.
  local function sent()
    local requests = server:requests()
    return cjson.decode(requests[#requests].body)
  end

  local GOOD = {
    { "columns in any order", "website,qualification,customer_id\nx.example,education,%s\n", "x.example" },
    { "a byte order mark and CRLF", "\239\187\191customer_id,qualification,website\r\n%s,Education,x.example\r\n",
      "x.example" },
    { "quoted fields", 'customer_id,qualification,website\n"%s","Education","x.example"', "x.example" },
    { "empty lines", "\ncustomer_id,qualification,website\n\n%s,1,x.example\n\n", "x.example" },
    { "empty fields", HEAD .. "%s,Education,,,\n" },
  }
  for number, row in ipairs(GOOD) do
    it("may have " .. row[1], function()
      local status, out, err = bulk((row[2]:gsub("%%s", support.customer(number))))
      assert.equal(0, status, err)
      local record = cjson.decode(out)
      assert.equal("succeeded", record.state)
      assert.equal(support.customer(number), record.customer_id)
      assert.equal(row[3], sent().website)
      assert.is_nil(sent().educationSegment)
    end)
  end

  it("is standard input where it is called -", function()
    local status, out = bulk(HEAD .. support.customer(77) .. ",Education,K12,x.example,\n", ("< %s/c.csv"):format(folder))
    assert.equal(0, status)
    assert.equal(2, cjson.decode(out).line)
    assert.equal("K12", sent().educationSegment)
  end)

  local BAD = {
    { "", ":1: there is nothing in it" },
    { "customer_id,qualification,web_site\n", ":1: column 3, 'web_site', is none of customer_id, " },
    { "customer_id;qualification\n", ":1: column 1, .* columns are separated by commas" },
    { "customer_id,website\n", ":1: the column qualification is missing" },
    { "customer_id,qualification,customer_id\n", ":1: column 3, customer_id, is there twice" },
    { "\255\254c\0", ":1: the file is UTF%-16" },
    { HEAD .. ID .. ",Education\n", ":2: 2 fields, and the header has 5" },
    { HEAD .. ID .. ",Education,K12,x.example,\nnobody,Education,,,\n", ":3: customer_id must be a GUID" },
    { HEAD .. ID .. ",,,,\n", ":2: qualification is empty" },
    { HEAD .. ID .. ",Nonprofit,,,\n", ":2: .*qualification" },
    { HEAD .. ID .. ",GovernmentCommunityCloud,,,\n", ":2: .*validation_code" },
    { HEAD .. "\n" .. ID .. ',Education,"K12"x,,\n', ":3: there is something behind the quote that ends a field" },
    { HEAD .. ID .. ',Education,K"12",,\n', ":2: a quote in a field that does not begin with one" },
    { HEAD .. ID .. ',Education,"K12,,\n', ":2: a quoted field has no end" },
    { HEAD .. ID .. ',Education,K12,"a\nb",\n' .. ID .. ",x,,,\n", ":2: .*website" },
  }
  for _, row in ipairs(BAD) do
    it("is refused before anything is sent: " .. row[2], function()
      local before = #server:requests()
      local status, out, err = bulk(row[1])
      assert.equal(2, status)
      assert.equal("", out)
      assert.matches("^partnercenter: [^\n]*c%.csv" .. row[2], err)
      assert.equal(before, #server:requests())
    end)
  end

  it("is refused with ten of its wrong lines, and the number of the others", function()
    local lines = { HEAD .. support.customer(1) .. ",Education,,," }
    for number = 3, 15 do
      lines[#lines + 1] = ("%s,Education,%s"):format(number == 4 and "nobody" or ID, number == 4 and ",," or 'K"12",,')
    end
    lines[#lines + 1] = ID .. ',Education,"K12,,'
    local before = #server:requests()
    for _, redirection in ipairs { false, ("< %s/c.csv"):format(folder) } do
      local status, _, err = bulk(table.concat(lines, "\n"), redirection)
      assert.equal(2, status)
      assert.matches("^partnercenter: [^\n]+:3: a quote in [^\n]+\n[^\n]+:4: customer_id must", err)
      assert.matches(":12: a quote in a field that does not begin with one\nand 4 more lines\nNothing was sent%.\n$", err)
      assert.is_nil(err:find(":13:", 1, true))
    end
    assert.equal(before, #server:requests())
    assert.equal("", support.read_or_nothing(folder .. "/run.db"))
  end)

  it("may have no customers, which is said and makes no journal", function()
    local status, out, err = bulk(HEAD)
    assert.equal(0, status)
    assert.equal("", out)
    assert.equal(("There are no customers in %s/c.csv: nothing is to be done.\n"):format(folder), err)
    assert.equal("", support.read_or_nothing(folder .. "/run.db"))
  end)

  it("may be the repository's example", function()
    local status, _, err = support.run(folder, server:client_options(),
      ("bulk examples/customers.csv --journal %s/example.db"):format(folder))
    assert.equal(0, status, err)
    assert.matches("^1000 customers: 1000 succeeded, in ", err)
  end)

  it("has to be there", function()
    local status, _, err = support.run(folder, server:client_options(), "bulk nowhere.csv --journal x.db")
    assert.equal(2, status)
    assert.matches("nowhere%.csv: No such file", err)
    status, _, err = bulk("", "<&-")
    assert.equal(2, status)
    assert.equal("partnercenter: standard input: Bad file descriptor\n", err)
  end)
end)
