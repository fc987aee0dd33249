-- SPDX-License-Identifier: MIT
--- What the command understands, as rows: the parser, its help, the completions and the manual page are
--- made of them.

local M = {}

M.NAME = "partnercenter"

M.SUMMARY = "set the qualifications of a partner's customers in Microsoft Partner Center"

M.DESCRIPTION = "Tells Microsoft that customers are schools or government bodies, one at a time or many from a CSV "
  .. "file, and follows what becomes of them. Setting a qualification cannot be undone: try it on `partnercenter "
  .. "sandbox` first."

local JSON = { name = "--json", is_flag = true, text = "Print JSON, one object a line." }

local WAIT = {
  name = "--wait", is_flag = true, text = "Follow the vetting until Microsoft has decided, which takes minutes to days.",
}

local INTERVAL = {
  name = "--interval", value = "SECONDS", number = { 0.01, 2073600 }, default = 60,
  text = "With --wait: how soon to look for the decision, growing by half from look to look up to an hour.",
}

local RUN = { name = "--run", value = "NAME", default = "default", text = "Which run, of several in one journal." }

local QUALIFICATIONS = { "Education", "GovernmentCommunityCloud", "StateOwnedEntity" }

local CUSTOMER = { name = "customer", value = "CUSTOMER", text = "The customer's Microsoft ID (a GUID)." }

--- An argument has a name, an option a name that begins with `--`. `value` is what the help calls it,
--- `choices` are offered by the completions (`is_strict`: there are no others), `number` is a range, `whole`
--- one of whole numbers.
M.COMMANDS = {
  {
    name = "update", summary = "Set a customer's qualification.",
    arguments = {
      CUSTOMER,
      { name = "qualification", value = "QUALIFICATION", choices = QUALIFICATIONS,
        text = "Education, GovernmentCommunityCloud or StateOwnedEntity." },
    },
    options = {
      { name = "--segment", value = "SEGMENT", choices = { "K12", "HigherEducation" },
        text = "K12 or HigherEducation; expected for Education." },
      { name = "--website", value = "DOMAIN", text = "The customer's website, such as example.edu." },
      { name = "--code", value = "CODE", text = "The validation code; GovernmentCommunityCloud needs one." },
      WAIT, INTERVAL, JSON,
    },
    example = "partnercenter update 3f2504e0-4f89-41d3-9a0c-0305e82c3301 Education --segment K12 --website example.edu",
  },
  {
    name = "get", summary = "Show a customer's qualifications.",
    arguments = { CUSTOMER }, options = { JSON },
    example = "partnercenter get 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  },
  {
    name = "codes", summary = "Show the validation codes.",
    arguments = {}, options = { JSON },
    example = "partnercenter codes",
  },
  {
    name = "customers", summary = "List the customers.",
    arguments = {},
    options = { { name = "--filter", value = "DOMAIN", text = "Only those whose domain begins so." }, JSON },
    example = "partnercenter customers --filter contoso",
  },
  {
    name = "bulk", summary = "Set the qualifications of many customers.",
    description = "Reads a CSV file whose first line names the columns, in any order: customer_id, qualification, and "
      .. "where needed education_segment, website, validation_code. Nothing is sent unless all of it can be. The journal "
      .. "makes it safe to stop and to repeat: what has ended is skipped, what was lost is asked for again.",
    arguments = {
      { name = "file", value = "FILE", is_file = true, text = "The CSV file; - is standard input." },
    },
    options = {
      { name = "--journal", value = "PLACE", is_required = true, is_file = true,
        text = "The run's journal: an SQLite file, or postgresql://HOST/NAME, without a password." },
      RUN,
      { name = "--add", is_flag = true, text = "Add the file's customers to a journal that was written for another file." },
      { name = "--concurrency", value = "NUMBER", whole = { 1, 65535 }, default = 16, text = "The most calls at a time." },
      WAIT, INTERVAL, JSON,
    },
    example = "partnercenter bulk customers.csv --journal run.db --wait",
  },
  {
    name = "report", summary = "Tell what has become of a run.",
    description = "How many customers are in which state, the denied ones with Microsoft's reasons, the failed ones with "
      .. "what can be done.",
    arguments = { { name = "journal", value = "JOURNAL", is_file = true, text = "The run's journal." } },
    options = {
      RUN,
      { name = "--format", value = "FORMAT", choices = { "table", "csv", "html" }, is_strict = true, default = "table",
        text = "table, csv (a line for each customer), or html: one page to send or to print." },
      JSON,
    },
    example = "partnercenter report run.db --format html > report.html",
  },
  {
    name = "login", summary = "Log in, and keep the refresh token.",
    description = "Shows a page and a code to enter there, waits until that has happened, and stores the credentials in "
      .. "$XDG_CONFIG_HOME/partnercenter/credentials (or ~/.config/...), for the user alone. PARTNERCENTER_TENANT_ID, "
      .. "PARTNERCENTER_CLIENT_ID and PARTNERCENTER_CLIENT_SECRET say with which app; they are stored too.",
    arguments = {}, options = {},
    example = "partnercenter login",
  },
  {
    name = "sandbox", summary = "Run a Partner Center to try things on.",
    description = "Prints the settings that reach it, one NAME=value a line, and serves until it is interrupted.",
    arguments = {},
    options = {
      { name = "--port", value = "PORT", whole = { 0, 65535 }, default = 0, text = "The port; 0 is any that is free." },
      { name = "--vetting-time", value = "SECONDS", number = { 0, 2073600 }, default = 2,
        text = "How long a vetting takes." },
      { name = "--latency", value = "SECONDS", number = { 0, 2073600 }, default = 0, text = "Wait before each answer." },
      { name = "--rate-limit", value = "NUMBER", whole = { 1, 1000000 }, text = "Requests a second, then 429." },
      { name = "--customers", value = "NUMBER", whole = { 0, 99999999 }, default = 3, text = "How many are listed." },
    },
    example = "partnercenter sandbox --port 8080",
  },
}

--- The row of a command; nil where there is none.
function M.row(name)
  for _, row in ipairs(M.COMMANDS) do
    if row.name == name then
      return row
    end
  end
end

--- The name under which the value of an option is known.
function M.key(option)
  return (option.name:sub(3):gsub("-", "_"))
end

M.VARIABLES = {
  { "PARTNERCENTER_TENANT_ID", "The partner's tenant: its GUID or one of its domains." },
  { "PARTNERCENTER_CLIENT_ID", "The app." },
  { "PARTNERCENTER_CLIENT_SECRET", "The app's secret." },
  { "PARTNERCENTER_REFRESH_TOKEN", "The user's refresh token. Without one the app acts alone, and may only read." },
  { "PARTNERCENTER_ACCESS_TOKEN", "A token that something else has got; it wins over the four above." },
  { "PARTNERCENTER_CLOUD", "global, china, germany or usgov." },
  { "PARTNERCENTER_BASE_URL", "The service, in the cloud's place." },
  { "PARTNERCENTER_LOGIN_URL", "The token authority, in the cloud's place." },
}

M.OTHER_VARIABLES = {
  { "XDG_CONFIG_HOME", "Where the credentials file is, in partnercenter/credentials; ~/.config without it." },
  { "NO_COLOR", "No colours on a terminal." },
}

--- By exit status.
M.STATUSES = {
  { 0, "Done." },
  { 1, "Some failed or were denied." },
  { 2, "Wrong usage, or a file that cannot be used." },
  { 3, "The credentials are missing or refused." },
  { 130, "Interrupted." },
}

return M
