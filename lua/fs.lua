--- Files: `local fs = require "fs"`. fs.watch tells when one changes. What is watched is the directory
-- that the file is in, so that a file which is replaced, removed and made anew goes on being
-- watched, and one may wait for a file to appear. What fails at run time returns nil, message, code.
local native = require "native.fs"

local spawn, timeout = spawn, timeout  -- whatever a program calls so

local fs = {}

local QUIET <const> = 0.05   -- seconds without a further change, until the change is told
local LATEST <const> = 0.25  -- seconds after the first change, though others follow
local LOST <const> = 0x4000  -- events were lost: IN_Q_OVERFLOW

local changes      -- the connection that the kernel's events come by; nil while nothing is watched
local watched = 0  -- how many watches there are
local directories = {}  -- by the kernel's number: { watches = { [watch] = true } }

local Watch = { __name = "file watch" }
Watch.__index = Watch

--- What has changed is told a moment later, once for all that comes until then.
local function note(watch)
  local at = now()
  watch.first = watch.first or at
  local due = math.min(at + QUIET, watch.first + LATEST)
  watch.timer:add(math.max(0, due - at))
end

local function tell(watch)
  watch.first = nil
  spawn(watch.fn, watch.path)
end

--- All watches of a directory, or those of one name in it.
local function note_all(directory, name)
  for watch in pairs(directory.watches) do
    if not name or not watch.name or watch.name == name then note(watch) end
  end
end

local function take(events)
  local at = 1
  while at <= #events do
    local number, mask, _, name
    number, mask, _, name, at = string.unpack("=i4I4I4s4", events, at)
    if mask & LOST ~= 0 then
      for _, directory in pairs(directories) do note_all(directory) end
    elseif directories[number] then
      note_all(directories[number], name:match "^[^\0]*")
    end
  end
end

local function open_changes()
  if changes and changes.state ~= "closed" then return changes end  -- conns() has it, for all to close
  directories, watched = {}, 0
  local opened, message, code = native.changes()
  if not opened then return nil, message, code end
  changes = opened:on { data = function(_, events) take(events) end }
  return changes
end

local function close_unused()
  if watched > 0 or not changes then return end
  changes:close()
  changes, directories = nil, {}
end

--- The directory whose entries are watched, and the name in it; a directory stands for all its
-- entries.
local function place_of(path)
  local facts = require("native.http").stat(path)
  if facts and facts.kind == "directory" or path:sub(-1) == "/" then return path end
  local directory, name = path:match "^(.*/)([^/]+)$"
  return directory or ".", name or path
end

--- fs.watch(path, fn) -> watch | nil, message, code. fn(path) runs as a task after each change of
-- the file, 0.05 to 0.25 seconds later, once for changes that come together. If it fails that is
-- reported, and the watch stays.
function fs.watch(path, fn)
  if type(path) ~= "string" or path == "" then
    error(("fs.watch: a path expected, got %s"):format(path == "" and '""' or "a " .. type(path)), 2)
  end
  if type(fn) ~= "function" then error("fs.watch: a function expected, got a " .. type(fn), 2) end
  local stream, message, code = open_changes()
  if not stream then return nil, message, code end
  local directory, name = place_of(path)
  local number
  number, message, code = native.add(stream, directory)
  if not number then
    close_unused()
    return nil, message, code
  end
  local entry = directories[number] or { watches = {} }
  directories[number] = entry
  local watch = setmetatable({ path = path, fn = fn, name = name, number = number, directory = entry },
    Watch)
  watch.timer = timeout(nil, tell, watch)
  entry.watches[watch] = true
  watched = watched + 1
  return watch
end

--- Ends it: fn runs no more. False if it was ended before.
function Watch:delete()
  if self.deleted then return false end
  self.deleted = true
  self.timer:delete()
  if directories[self.number] ~= self.directory then return false end
  self.directory.watches[self] = nil
  watched = watched - 1
  if not next(self.directory.watches) then
    directories[self.number] = nil
    native.remove(changes, self.number)
  end
  close_unused()
  return true
end

Watch.__close = Watch.delete

function Watch:__tostring()
  return ("file watch (%s%s)"):format(self.path, self.deleted and ", deleted" or "")
end

Watch.__inspect = Watch.__tostring

return fs
