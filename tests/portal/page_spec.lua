-- SPDX-License-Identifier: MIT
--- The page of examples/nginx in a browser, with the keyboard alone. PICTURES is where its pictures go.
local access = require "tests.support.access"
local portals = require "tests.support.portal"
local sandboxes = require "partnercenter.sandbox"
local webdriver = require "tests.support.webdriver"

local KEY = webdriver.KEY
local PICTURES = os.getenv "PICTURES" or "build"

describe("the portal's page", function()
  local sandbox, portal, browser
  local customers = 0

  local function new_customer()
    customers = customers + 1
    return ("3f2504e0-4f89-41d3-9a0c-%012d"):format(customers)
  end

  local function picture(name, is_window)
    browser:picture(("%s/portal-%s.png"):format(PICTURES, name), is_window)
  end

  --- Fills in the form, up to the question whether it is to be sent.
  local function fill_in(customer, qualification, website, code)
    browser:open(portal.url .. "/")
    browser:tab_to "customer"
    browser:press(customer)
    browser:tab_to "Education" -- the first of the radio buttons has the focus, the arrows choose
    browser:press(KEY.space)
    while browser:run "return document.activeElement.value" ~= qualification do
      browser:press(KEY.down)
    end
    if qualification == "Education" then
      browser:tab_to "K12"
      browser:press(KEY.space)
    end
    browser:tab_to "website"
    browser:press(website)
    if code then
      browser:tab_to "code"
      browser:press(code)
    end
    browser:press(KEY.enter)
    assert.is_true(browser:run "return document.getElementById('confirm').open")
  end

  local function confirm()
    browser:tab_to "go"
    browser:press(KEY.enter)
  end

  setup(function()
    sandbox = assert(sandboxes.start { vetting_time = 3 })
    portal = portals.start(portals.variables(sandbox))
    browser = webdriver.start()
  end)

  before_each(function() browser:appear(1200, 900, "light") end)

  teardown(function()
    if browser then
      browser:stop()
    end
    portal.stop()
    sandbox:stop()
  end)

  it("follows a qualification until it is approved", function()
    local customer = new_customer()
    browser:open(portal.url .. "/")
    picture "empty"
    fill_in(customer, "Education", "example.edu")
    picture("confirm", true)
    assert.matches(customer, browser:text "confirm-values", 1, true)
    confirm()
    browser:wait_for("status", "in review")
    picture "in-review"
    browser:wait_for("status", "approved")
    assert.matches("Approved", browser:text "list")
    assert.is_false(browser:run "return document.getElementById('polling').checkVisibility()")
    picture "light"
    browser:appear(1200, 900, "dark")
    picture "dark"
  end)

  it("sends nothing that was not confirmed", function()
    local customer = new_customer()
    fill_in(customer, "StateOwnedEntity", "example.com")
    browser:press(KEY.enter) -- the focus is on "Go back"
    assert.is_false(browser:run "return document.getElementById('confirm').open")
    browser:press(KEY.enter)
    browser:press(KEY.escape)
    assert.is_false(browser:run "return document.getElementById('confirm').open")
    browser:tab_to "look"
    browser:press(KEY.enter)
    browser:wait_for("status", "The customer has no qualification.")
  end)

  it("shows why a qualification was denied", function()
    fill_in(new_customer(), "GovernmentCommunityCloud", "denied.example.org", "12345")
    confirm()
    browser:wait_for("list", "Denied")
    assert.matches("Reason: Not a Government Customer", browser:text "list", 1, true)
    browser:appear(1200, 900, "dark")
    picture "denied"
  end)

  it("shows an error of the service, with its request id", function()
    local customer = new_customer()
    fill_in(customer, "Education", "example.edu")
    confirm()
    browser:wait_for("status", "in review")
    fill_in(customer, "StateOwnedEntity", "example.com")
    confirm()
    local text = browser:wait_for("failure", "already_exists")
    assert.matches("has the qualification Education, which cannot be changed", text, 1, true)
    assert.matches("409", text, 1, true)
    assert.matches(("%x"):rep(8) .. "%-%x+%-%x+%-%x+%-" .. ("%x"):rep(12), text)
    assert.equal("The qualification was not set.", browser:text "status")
    picture "error"
  end)

  it("sends an update whose answer was lost again under the same id", function()
    local customer = new_customer()
    sandbox:fail { status = 503, headers = { ["Retry-After"] = "60" } }
    fill_in(customer, "Education", "example.edu")
    confirm()
    local text = browser:wait_for("failure", "server_busy")
    assert.matches("It may have been set nevertheless", text, 1, true)
    assert.equal("It is not known whether the qualification was set.", browser:text "status")
    browser:tab_to "set"
    browser:press(KEY.enter)
    confirm()
    browser:wait_for("status", "in review")
    assert.equal("", browser:text "failure")
    local ids = {}
    for _, request in ipairs(access.service_requests(sandbox)) do
      if request.method == "POST" and request.path:find(customer, 1, true) then
        ids[#ids + 1] = request.headers["MS-RequestId"]
      end
    end
    assert.equal(2, #ids)
    assert.equal(ids[1], ids[2])
  end)

  it("says at the field what is wrong with it, and goes there", function()
    browser:open(portal.url .. "/")
    browser:tab_to "customer"
    browser:press("nobody" .. KEY.enter)
    assert.matches("This is no GUID", browser:text "customer-problem", 1, true)
    assert.equal("Choose one of the three.", browser:text "qualification-problem")
    assert.equal("customer", browser:run "return document.activeElement.id")
    assert.equal("true", browser:run "return document.activeElement.getAttribute('aria-invalid')")
    picture "invalid"
  end)

  it("goes on with a customer after a reload", function()
    local customer = new_customer()
    fill_in(customer, "Education", "example.edu")
    confirm()
    browser:wait_for("status", "in review")
    browser:run "location.reload()"
    browser:wait_for("status", "Education")
    assert.equal(customer, browser:run "return document.getElementById('customer').value")
  end)

  it("fits on a phone", function()
    local is_narrow = "return document.documentElement.scrollWidth <= innerWidth && innerWidth === 360"
    browser:appear(360, 740, "light")
    fill_in(new_customer(), "Education", "denied.example.edu")
    assert.is_true(browser:run(is_narrow))
    picture("phone-confirm", true)
    confirm()
    browser:wait_for("list", "Denied")
    assert.is_true(browser:run(is_narrow))
    picture "phone"
    fill_in(new_customer(), "GovernmentCommunityCloud", ("long"):rep(40) .. ".example.org", "12345")
    assert.is_true(browser:run(is_narrow))
  end)

  it("names every control, and keeps to itself", function()
    browser:open(portal.url .. "/")
    assert.same({}, browser:run [[
      return Array.from(document.querySelectorAll("input, button"))
        .filter(each => !(each.labels && each.labels.length) && !each.textContent.trim()).map(each => each.id)]])
    assert.equal(0, browser:run "return performance.getEntriesByType('resource').length")
  end)
end)
