--- Connections that are open and idle, for the next request to the same place. They keep no
-- program alive: only a variable holds them, and their time-out is the connection's own.
local pool = {}

local MOST <const> = 64          -- in all
local MOST_OF_A_KEY <const> = 8
local IDLE_TIME <const> = 60     -- seconds; many servers close after so long, or earlier

local entries = {}  -- { key =, connection = }, the longest idle first

--- The one with that key that was used last, nil if there is none that still seems good. What a
-- server sends without being asked is no answer to the next request.
function pool.take(key)
  for i = #entries, 1, -1 do
    local entry = entries[i]
    local connection = entry.connection
    if connection.state ~= "open" or connection:peek(1) ~= "" then
      table.remove(entries, i)
      connection:close()
    elseif entry.key == key then
      table.remove(entries, i)
      connection:set { read_deadline = 0 }
      return connection
    end
  end
end

local function drop_oldest(key)
  for i, entry in ipairs(entries) do
    if not key or entry.key == key then
      table.remove(entries, i).connection:close()
      return
    end
  end
end

--- Keeps a connection on which nothing is under way.
function pool.put(key, connection)
  local count = 0
  for _, entry in ipairs(entries) do
    if entry.key == key then count = count + 1 end
  end
  if count >= MOST_OF_A_KEY then drop_oldest(key) elseif #entries >= MOST then drop_oldest() end
  connection:set { read_deadline = IDLE_TIME }
  entries[#entries + 1] = { key = key, connection = connection }
end

--- http.close_idle(): closes all of them; returns how many there were.
function pool.close_idle()
  local count = #entries
  for _, entry in ipairs(entries) do entry.connection:close() end
  entries = {}
  return count
end

return pool
