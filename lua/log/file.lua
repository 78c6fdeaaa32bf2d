--- The log in a file: one line for each entry, which is there when the call returns. A file that
-- was renamed or removed is left, and begun anew under its name; one that has become too large or
-- too old is renamed to NAME.1, and NAME.1 to NAME.2, as often as `keep` says.
local blame = require "blame"
local check_options = require "options"
local levels = require "log.levels"
local native = require "native.system"

local BUFFER <const> = 64 * 1024  -- an entry leaves in one write, so those of several processes do not mix
local KEEP <const> = 5
local PERIODS <const> = { hour = "%Y-%m-%d %H", day = "%Y-%m-%d" }

local File = {}
File.__index = File

--- Opens the file of its name; what it had open is closed only then.
function File:reopen()
  local before = native.file_status(self.path)
  local file, message, number = io.open(self.path, "a")
  if not file then return nil, "log.file " .. message, native.code_name(number) end
  file:setvbuf("full", BUFFER)
  if self.file then self.file:close() end
  local status = native.file_status(self.path) or { size = 0 }
  self.file, self.id, self.size = file, status.id, status.size
  self.period = self:period_of(before and before.size > 0 and before.modified or os.time())
  return true
end

function File:period_of(time) return self.every and os.date(PERIODS[self.every], time) end

--- NAME becomes NAME.1; what was NAME.keep goes.
function File:rotate()
  local status = native.file_status(self.path)
  if not status or status.id ~= self.id then return self:reopen() end  -- it is NAME.1 already
  for number = self.keep - 1, 1, -1 do
    os.rename(("%s.%d"):format(self.path, number), ("%s.%d"):format(self.path, number + 1))
  end
  local moved, message = os.rename(self.path, self.path .. ".1")
  if not moved then return nil, "cannot rotate " .. message end
  return self:reopen()
end

--- Whether an entry of so many bytes belongs into a new file.
function File:is_full(size, time)
  if self.size == 0 then return false end
  return self.max_size and self.size + size > self.max_size
    or self.every and self:period_of(time) ~= self.period
end

function File:put(record)
  local line = self.format(record)
  local status = native.file_status(self.path)
  if not status or status.id ~= self.id then
    local ok, message = self:reopen()
    if not ok and not self.file then return nil, message end
  else
    self.size = status.size  -- others may write to it as well
  end
  local rotated, complaint = true, nil
  if self:is_full(#line, record.time) then rotated, complaint = self:rotate() end
  local written, message = self.file:write(line)
  if written then written, message = self.file:flush() end
  if not written then return nil, ("cannot write %s: %s"):format(self.path, message) end
  self.size = self.size + #line
  return rotated, complaint, true
end

function File:close()
  if self.file then self.file:close() end
end

local function open(path, options)
  if type(path) ~= "string" or path == "" or path:find "\0" then
    blame.expected("log.file", "the name of a file, or false,", path)
  end
  options = check_options("log_file", "log.file", options or {})
  local self = setmetatable({ path = path, keep = options.keep or KEEP, every = options.every,
    max_size = options.max_size,
    format = options.format == "json" and levels.json_of or levels.text_of }, File)
  local ok, message, code = self:reopen()
  if not ok then return nil, message, code end
  return self
end

return { open = open }
