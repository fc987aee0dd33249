-- SPDX-License-Identifier: MIT
--- The secrets and ids that the sandbox makes up, from the system's random numbers.

local BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local HEXADECIMAL = "0123456789abcdef"

--- The first digit of the fourth group of a random GUID.
local GUID_VARIANT = "89ab"

--- What a person types: no letter that is mistaken for a digit.
local EASY_TO_READ = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

--- The lengths of the three parts of a token, in characters: about those of a real one.
local TOKEN_PARTS = { 36, 820, 342 }

local M = {}

--- So many characters, each one of the alphabet, whose length is a power of two.
local function pick(alphabet, length)
  local source = assert(io.open("/dev/urandom", "rb"))
  local bytes = source:read(length)
  source:close()
  return (bytes:gsub(".", function(byte)
    local place = byte:byte() % #alphabet + 1
    return alphabet:sub(place, place)
  end))
end

function M.guid()
  local digits = pick(HEXADECIMAL, 30)
  return ("%s-%s-4%s-%s%s-%s"):format(digits:sub(1, 8), digits:sub(9, 12), digits:sub(13, 15),
    pick(GUID_VARIANT, 1), digits:sub(16, 18), digits:sub(19, 30))
end

--- A token of 1,200 characters, as long as a real one.
function M.token()
  local parts = {}
  for i, length in ipairs(TOKEN_PARTS) do
    parts[i] = pick(BASE64URL, length)
  end
  return table.concat(parts, ".")
end

--- A client secret, as long as a real one.
function M.secret()
  return pick(BASE64URL, 40)
end

--- The code that a person types to log in.
function M.user_code()
  return pick(EASY_TO_READ, 9)
end

return M
