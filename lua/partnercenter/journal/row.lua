-- SPDX-License-Identifier: MIT
--- The rows of a journal: how they are found and written. Each function belongs to a transaction.

local core = require "partnercenter.core"
local encoding = require "partnercenter.journal.encoding"

local M = {}

local unpack = rawget(table, "unpack") or _G.unpack

local KEY = " WHERE run = ? AND customer_id = ? AND qualification = ?"
local COLUMNS = "SELECT customer_id, qualification, position, item, request_id, state, attempts, answer, status, holder, "
  .. "held_until, changed, vetting_begun, due, pause FROM partnercenter_items"

-- The statements of each item are made once: a long text is dear to make, and to find a prepared statement by.
local OF_CUSTOMER = COLUMNS .. " WHERE run = ? AND customer_id = ?"
local AT = COLUMNS .. " WHERE run = ? AND position = ?"
local INSERT = "INSERT INTO partnercenter_items (run, customer_id, qualification, position, item, request_id, state, "
  .. "attempts, begun, changed, holder, held_until) VALUES (?, ?, ?, ?, ?, ?, 'sending', 0, ?, ?, ?, ?)"
local UPDATE = "UPDATE partnercenter_items SET state = ?, attempts = attempts + ?, answer = ?, category = ?, status = ?, "
  .. "code = ?, message = ?, vetting_begun = ?, due = ?, pause = ?, changed = ?, holder = NULL, held_until = NULL"
  .. KEY .. " AND coalesce(holder, '') = ?"

--- A whole number as both databases take it in every Lua: 3, and never 3.0.
local function whole(number)
  return number and ("%d"):format(number)
end

--- Begins a run, or goes on with it.
---@return table found `now`, `total` (nil unless the end of the source was seen), `last` (position)
function M.begin_run(db, run)
  db:run("INSERT INTO partnercenter_runs (name, begun) VALUES (?, ?) ON CONFLICT DO NOTHING", run, db.now)
  local total = db:row("SELECT total FROM partnercenter_runs WHERE name = ?", run).total
  local last = db:row("SELECT max(position) AS last FROM partnercenter_items WHERE run = ?", run).last
  return { now = db.now, total = total, last = last or 0 }
end

function M.set_total(db, run, total)
  db:run("UPDATE partnercenter_runs SET total = ? WHERE name = ? AND (total IS NULL OR total < ?)",
    whole(total), run, whole(total))
end

--- The rows of a customer.
function M.of_customer(db, run, customer_id)
  return db:rows(OF_CUSTOMER, run, customer_id)
end

--- The row of an item.
function M.find(db, run, unit)
  return db:row(COLUMNS .. KEY, run, unit.customer_id, unit.qualification)
end

--- The row of the item that was at this position of the source.
function M.at(db, run, position)
  return db:row(AT, run, whole(position))
end

--- Writes a new item down, to be sent by `holder`; by anybody without one.
function M.insert(db, run, unit, position, holder, seconds)
  db:run(INSERT, run, unit.customer_id, unit.qualification, whole(position), encoding.of_item(unit), unit.request_id,
    db.now, db.now, holder, holder and db.now + seconds)
end

--- Takes the row of an item for `holder`, who sends it; for anybody without one.
function M.take(db, run, unit, holder, seconds)
  db:run("UPDATE partnercenter_items SET state = 'sending', item = ?, request_id = ?, changed = ?, holder = ?, "
    .. "held_until = ?" .. KEY,
    encoding.of_item(unit), unit.request_id, db.now, holder, holder and db.now + seconds,
    run, unit.customer_id, unit.qualification)
end

--- Takes a row for `holder`.
function M.hold(db, run, found, holder, seconds)
  db:run("UPDATE partnercenter_items SET holder = ?, held_until = ?" .. KEY, holder, db.now + seconds,
    run, found.customer_id, found.qualification)
end

--- Lets an item in vetting whose wait has failed be waited for anew, by anybody.
function M.follow_again(db, run, found)
  db:run("UPDATE partnercenter_items SET state = 'vetting', category = NULL, status = NULL, code = NULL, message = NULL, "
    .. "vetting_begun = ?, due = ?, pause = NULL, changed = ?" .. KEY,
    db.now, db.now, db.now, run, found.customer_id, found.qualification)
end

--- Renews all holds of `holder`.
function M.renew(db, run, holder, seconds)
  db:run("UPDATE partnercenter_items SET held_until = ? WHERE run = ? AND holder = ?", db.now + seconds, run, holder)
end

function M.let_go(db, run, holder)
  db:run("UPDATE partnercenter_items SET holder = NULL, held_until = NULL WHERE run = ? AND holder = ?", run, holder)
end

--- The columns of an item that has ended. `attempts` are added to those there.
---@param wait? partnercenter.Wait where it has failed after the update was taken
function M.of_end(state, result, err, meta, wait)
  result = result or wait and wait.last
  return {
    state = state,
    attempts = meta.attempts,
    answer = result and encoding.of_answer(result),
    begun = wait and wait.begun,
    category = err and err.category,
    status = meta.status,
    code = err and encoding.of_text(err.code),
    message = err and encoding.of_text(err.message),
  }
end

--- The columns of an item in vetting.
---@param due number by core.now()
---@param attempts integer how many requests were sent since the last time
function M.of_vetting(wait, due, attempts)
  return {
    state = "vetting",
    attempts = attempts,
    answer = wait.last and encoding.of_answer(wait.last),
    begun = wait.begun,
    due = due,
    pause = wait.pause,
  }
end

--- A time by core.now() as one by the database's clock.
local function by_database(db, time)
  return time and db.now + (time - core.now())
end

--- Writes the columns, which are all those that can change, and lets go of the row. One that `holder`
--- has lost meanwhile is somebody else's.
function M.update(db, run, unit, columns, holder)
  db:run(UPDATE, columns.state, whole(columns.attempts), columns.answer, columns.category, whole(columns.status),
    columns.code, columns.message, by_database(db, columns.begun), by_database(db, columns.due), columns.pause, db.now,
    run, unit.customer_id, unit.qualification, holder)
end

--- Rows that meet a condition, up to so many: first those that nobody holds, then those of others.
local function claimable(db, condition, order, most, holder, ...)
  local values = { ... }
  local function query(held, ...)
    return db:rows(("%s WHERE run = ? AND %s%s ORDER BY %s LIMIT %d"):format(COLUMNS, condition, held, order, most), ...)
  end
  local rows = query(" AND coalesce(holder, '') = ''", ...)
  if #rows < most then
    values[#values + 1] = holder
    for _, each in ipairs(query(" AND holder <> ?", unpack(values))) do
      rows[#rows + 1] = each
    end
  end
  return rows
end

--- Rows in vetting that are to be polled, and that `holder` does not hold.
function M.due(db, run, holder, most)
  return claimable(db, "state = 'vetting' AND due <= ?", "due", most, holder, run, db.now)
end

--- When the next of them is; nil where there is none.
function M.next_due(db, run, holder)
  return db:row("SELECT min(due) AS due FROM partnercenter_items WHERE run = ? AND state = 'vetting' "
    .. "AND coalesce(holder, '') <> ?", run, holder).due
end

--- Rows to be sent that `holder` does not hold.
function M.sending(db, run, holder, most)
  return claimable(db, "state = 'sending'", "held_until", most, holder, run)
end

--- The unit of a row. An earlier request for it may have had its effect.
---@return partnercenter.Unit
function M.unit(found)
  return {
    item = encoding.item(found.item),
    position = found.position,
    customer_id = found.customer_id,
    qualification = found.qualification,
    request_id = found.request_id,
    is_repeated = true,
    lapses = found.lapses,
  }
end

--- A row in vetting as an entry to poll.
function M.entry(found, new_wait)
  local unit = M.unit(found)
  local wait = new_wait(unit)
  wait.begun, wait.pause, wait.is_taken_up = found.begun, found.pause or wait.pause, true
  wait.last = found.answer and encoding.answer(found.answer) or nil
  return { unit = unit, wait = wait }
end

return M
