-- SPDX-License-Identifier: MIT
--- TLS: which servers the client speaks to, what it says about the others, and that those see nothing.
local certificates = require "tests.support.certificates"
local partnercenter = require "partnercenter"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local YEAR = tonumber(os.date "!%Y")

--- The servers: each has an address of its own and a certificate for that address, unless the row says otherwise.
local ROWS = {
  { says = "a certificate of an authority that ca_file vouches for", works = true },
  { says = "TLS 1.2 alone", works = true, protocols = "TLSv1.2" },
  { says = "TLS 1.3 alone", works = true, protocols = "TLSv1.3" },
  { says = "an expired certificate", from = YEAR - 3, to = YEAR - 1, message = "certificate has expired" },
  { says = "a certificate that is not yet valid", from = YEAR + 1, to = YEAR + 2,
    message = "certificate is not yet valid" },
  { says = "a self-signed certificate", self_signed = true, message = "self%-signed certificate" },
  { says = "a certificate of another host", for_names = "DNS:localhost,DNS:example.com,IP:127.0.0.99",
    message = "no alternative certificate subject name matches target host name '127%.0%.0%.%d+'" },
  { says = "a certificate of an authority that ca_file does not vouch for", by = "other",
    message = "unable to get local issuer certificate" },
  { says = "TLS 1.1 at most", protocols = "TLSv1 TLSv1.1", message = "alert protocol version" },
}

local SERVER = [[
  server {
    listen %s:PORT ssl http2;
    ssl_certificate %s/%s.pem;
    ssl_certificate_key %s/%s.key;
    ssl_protocols %s;
    ssl_ciphers ALL:@SECLEVEL=0;
    location / { default_type application/json; return 200 '[{"qualification":"education"}]'; }
  }
]]

describe("over TLS", function()
  local nginx, folder

  setup(function()
    folder = certificates.folder()
    folder.authority "authority"
    folder.authority "other"
    local blocks = {}
    for i, row in ipairs(ROWS) do
      row.address = "127.0.0." .. i
      local name = "server" .. i
      local options = {
        name = name, by = row.by or "authority", for_names = row.for_names or "IP:" .. row.address,
        from = row.from, to = row.to,
      }
      folder[row.self_signed and "self_sign" or "issue"](options)
      blocks[i] = SERVER:format(row.address, folder.directory, name, folder.directory, name,
        row.protocols or "TLSv1.2 TLSv1.3")
    end
    nginx = servers.nginx(table.concat(blocks))
  end)

  teardown(function()
    nginx.stop()
    folder.remove()
  end)

  local function get(row, options, customer_id)
    options = options or {}
    options.base_url = ("https://%s:%d"):format(row.address, nginx.port)
    options.access_token = "token-of-the-spec"
    options.ca_file = options.ca_file or folder.directory .. "/authority.pem"
    local client = assert(partnercenter.new(options))
    local result, err, meta = client:get_qualifications(customer_id or CUSTOMER)
    client:close()
    return result, err, meta
  end

  local marks = 0

  --- Whether a request for this customer has arrived: another that is sent after it is waited for in the log.
  local function has_arrived(customer_id)
    marks = marks + 1
    local mark = ("ffffffff-0000-4000-8000-%012d"):format(marks)
    assert(get(ROWS[1], {}, mark))
    assert.is_true(nginx.has_logged((mark:gsub("%-", "%%-"))))
    return nginx.log():find(customer_id, 1, true) ~= nil
  end

  --- Checks that the server was refused: with a message, for good, and before anything was sent.
  local function assert_refused(message, row, options, customer_id)
    local result, err, meta = get(row, options, customer_id)
    assert.is_nil(result)
    assert.equal("tls", err.category)
    assert.matches(message, err.message)
    assert.is_false(err.retryable)
    assert.equal(0, err.attempts)
    assert.equal(0, meta.attempts)
    assert.is_nil(err.status)
    assert.is_nil(tostring(err):find("token-of-the-spec", 1, true))
    assert.is_false(has_arrived(customer_id))
  end

  for i, row in ipairs(ROWS) do
    local customer_id = ("aaaaaaaa-0000-4000-8000-%012d"):format(i)
    if row.works then
      it(row.says .. " is accepted, with HTTP/2", function()
        assert.equal("Education", assert(get(row, {}, customer_id))[1].qualification)
        assert.is_true(nginx.has_logged("HTTP/2%.0 %d+ GET /v1/customers/" .. customer_id:gsub("%-", "%%-")))
      end)
    else
      it(row.says .. " is a tls error that says so, and nothing is sent", function()
        assert_refused(row.message, row, {}, customer_id)
      end)
    end
  end

  it("a certificate that only ca_file vouches for is refused without it", function()
    local client = assert(partnercenter.new {
      base_url = ("https://%s:%d"):format(ROWS[1].address, nginx.port), access_token = "token-of-the-spec",
    })
    local _, err = client:get_qualifications "aaaaaaaa-0000-4000-8000-000000000100"
    assert.equal("tls", err.category)
    assert.matches("unable to get local issuer certificate", err.message)
    assert.is_false(has_arrived "aaaaaaaa-0000-4000-8000-000000000100")
    client:close()
  end)

  it("ca_file may hold several authorities, and the server's own certificate", function()
    local function read(name)
      local file = assert(io.open(folder.directory .. "/" .. name))
      local text = file:read "*a"
      file:close()
      return text
    end
    local bundle = folder.directory .. "/bundle.pem"
    local file = assert(io.open(bundle, "w"))
    assert(file:write(read "other.pem", read "authority.pem", read "server6.pem"))
    file:close()
    for _, i in ipairs { 1, 6, 8 } do
      assert(get(ROWS[i], { ca_file = bundle }))
    end
  end)

  it("a ca_file without a certificate is a tls error", function()
    assert_refused("certificate", ROWS[1], { ca_file = folder.directory .. "/authority.index" },
      "aaaaaaaa-0000-4000-8000-000000000101")
  end)

  it("the server of TLS 1.1 is one that others can speak to", function()
    local row = ROWS[#ROWS]
    local process = io.popen(("openssl s_client -connect %s:%d -tls1_1 -cipher ALL:@SECLEVEL=0 < /dev/null 2>&1")
      :format(row.address, nginx.port))
    assert.matches("New, TLSv1[%.01]*, Cipher is %w", process:read "*a")
    process:close()
  end)

  it("HTTP/1.1 is spoken when http2 is false", function()
    assert(get(ROWS[1], { http2 = false }))
    assert.is_true(nginx.has_logged "HTTP/1%.1 %d+ GET /v1/customers/")
  end)
end)

describe("a handshake that is refused", function()
  it("is a tls error, also on a client that found nobody there before", function()
    local port = servers.free_port()
    local client = assert(partnercenter.new {
      base_url = "https://127.0.0.1:" .. port, access_token = "token", max_retries = 0,
    })
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("network", err.category)
    local nginx = servers.nginx("server { listen 127.0.0.1:PORT; }", "", port)
    _, err = client:get_qualifications(CUSTOMER)
    assert.equal("tls", err.category)
    assert.is_false(err.retryable)
    client:close()
    nginx.stop()
  end)
end)
