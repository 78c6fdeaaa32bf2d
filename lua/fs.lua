--- Files: `local fs = require "fs"`. fs.watch tells when one changes. What is watched is the directory
-- that the file is in, so that a file which is replaced, removed and made anew goes on being
-- watched, and one may wait for a file to appear; behind symbolic links both they and what they lead to.
-- What fails at run time returns nil, message, code.
local blame = require "blame"
local native = require "native.fs"

local spawn, timeout = spawn, timeout  -- whatever a program calls so

local fs = {}

local QUIET <const> = 0.05   -- seconds without a further change, until the change is told
local LATEST <const> = 0.25  -- seconds after the first change, though others follow
local LOST <const> = 0x4000  -- events were lost: IN_Q_OVERFLOW
local MOST_LINKS <const> = 40  -- symbolic links on the way to a file, as the kernel bounds them
local WHOLE <const> = ""  -- in place of a name: all that is in a directory

local changes      -- the connection that the kernel's events come by; nil while nothing is watched
local watched = 0  -- how many watches there are
local directories = {}  -- by the kernel's number: { watches = { [watch] = { [name] = true } } }

local Watch = { __name = "file watch" }
Watch.__index = Watch

--- What has changed is told a moment later, once for all that comes until then.
local function note(watch)
  local at = now()
  watch.first = watch.first or at
  local due = math.min(at + QUIET, watch.first + LATEST)
  watch.timer:add(math.max(0, due - at))
end

--- The watches of a directory that have to do with one name in it, or all.
local function note_all(directory, name)
  for watch, names in pairs(directory.watches) do
    if not name or names[WHOLE] or names[name] then note(watch) end
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

local function open_changes(path)
  if changes and changes.state ~= "closed" then return changes end  -- conns() has it, for all to close
  directories, watched = {}, 0
  local opened, message, code = native.changes(path)
  if not opened then return nil, message, code end
  changes = opened:on { data = function(_, events) take(events) end }
  return changes
end

local function close_unused()
  if watched > 0 or not changes then return end
  changes:close()
  changes, directories = nil, {}
end

--- Where changes of `path` can be seen, as a list of { directory =, name = }: each symbolic link on the
-- way, and last what they lead to.
local function places_of(path)
  local places, links = {}, 0
  local directory, rest = "", {}
  local function follow(text)
    if text:sub(1, 1) == "/" then directory = "/" end
    local at = 1
    for name in text:gmatch "[^/]+" do
      table.insert(rest, at, name)
      at = at + 1
    end
  end
  follow(path)
  local last = WHOLE
  while rest[1] do
    local name = table.remove(rest, 1)
    local target = links < MOST_LINKS and native.read_link(directory .. name)
    if target then
      links = links + 1
      places[#places + 1] = { directory = directory, name = name }
      follow(target)
    elseif rest[1] or path:sub(-1) == "/" then
      directory = directory .. name .. "/"
    else
      last = name
    end
  end
  local facts = last ~= WHOLE and require("native.http").stat(directory .. last)
  if facts and facts.kind == "directory" then directory, last = directory .. last, WHOLE end
  places[#places + 1] = { directory = directory, name = last }
  return places
end

--- Takes a watch out of the directories that it is in, but for those in `kept`.
local function leave(watch, kept)
  for number in pairs(watch.numbers) do
    local directory = directories[number]
    if directory and not kept[number] then
      directory.watches[watch] = nil
      if not next(directory.watches) then
        directories[number] = nil
        native.remove(changes, number)
      end
    end
  end
end

--- Watches the places where `watch.path` is now -> true | nil, message, code
local function settle(watch)
  local numbers, message, code = {}, nil, nil
  for _, place in ipairs(places_of(watch.path)) do
    local number
    number, message, code = native.add(changes, place.directory == "" and "." or place.directory)
    if number then
      numbers[number] = numbers[number] or {}
      numbers[number][place.name] = true
    end
  end
  if not next(numbers) then return nil, message, code end
  leave(watch, numbers)
  for number, names in pairs(numbers) do
    directories[number] = directories[number] or { watches = {} }
    directories[number].watches[watch] = names
  end
  watch.numbers, watch.directories = numbers, directories
  return true
end

--- A link may lead elsewhere now: that is watched before fn looks.
local function tell(watch)
  watch.first = nil
  if watch.directories == directories then settle(watch) end
  spawn(watch.fn, watch.path)
end

--- fs.watch(path, fn) -> watch | nil, message, code. fn(path) runs as a task after each change of
-- the file, 0.05 to 0.25 seconds later, once for changes that come together. If it fails that is
-- reported, and the watch stays.
function fs.watch(path, fn)
  if type(path) ~= "string" or path == "" or path:find "\0" then
    blame.expected("fs.watch", "a path", path)
  end
  if type(fn) ~= "function" then blame.expected("fs.watch", "a function", fn) end
  local stream, message, code = open_changes(path)
  if not stream then return nil, message, code end
  local watch = setmetatable({ path = path, fn = fn, numbers = {} }, Watch)
  local ok
  ok, message, code = settle(watch)
  if not ok then
    close_unused()
    return nil, message, code
  end
  watch.timer = timeout(nil, tell, watch)
  watched = watched + 1
  return watch
end

--- Ends it: fn runs no more. False if it was ended before.
function Watch:delete()
  if self.deleted then return false end
  self.deleted = true
  self.timer:delete()
  if self.directories ~= directories then return false end
  leave(self, {})
  watched = watched - 1
  close_unused()
  return true
end

Watch.__close = Watch.delete

function Watch:__tostring()
  return ("file watch (%s%s)"):format(self.path, self.deleted and ", deleted" or "")
end

Watch.__inspect = Watch.__tostring

return fs
