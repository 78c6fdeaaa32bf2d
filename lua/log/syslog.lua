--- The log in the system's log: datagrams to the Unix socket that is there for it, as syslog(3) writes
-- them, or over UDP (RFC 5424, RFC 5426). A log that takes nothing holds nobody up: the entry is lost
-- there, and counted with the next.
local blame = require "blame"
local check_options = require "options"
local levels = require "log.levels"
local native = require "native.system"

local connect = connect

local SEVERITIES <const> = { error = 3, warn = 4, info = 6, debug = 7, debug2 = 7 }
local FACILITIES <const> = { kern = 0, user = 1, mail = 2, daemon = 3, auth = 4, cron = 9,
  local0 = 16, local1 = 17, local2 = 18, local3 = 19, local4 = 20, local5 = 21, local6 = 22, local7 = 23 }
local MOST <const> = 8192  -- bytes of an entry: what the common daemons take

local Syslog = {}
Syslog.__index = Syslog

local function host_name()
  local file <close> = io.open "/etc/hostname"
  return file and file:read "l" or "-"
end

--- As glibc writes it: the daemon adds the host.
function Syslog:unix_text(record, priority)
  return ("<%d>%s %s[%d]: %s"):format(priority, os.date("%b %d %H:%M:%S", record.time), self.tag,
    native.pid(), record.text)
end

function Syslog:udp_text(record, priority)
  return ("<%d>1 %s %s %s %d - - %s"):format(priority, os.date("!%Y-%m-%dT%H:%M:%SZ", record.time),
    self.host, self.tag, native.pid(), record.text)
end

function Syslog:send(data)
  if self.path then return native.send(self.path, data) end
  local ran, ok, message = pcall(self.socket.send, self.socket, data)
  if not ran then return nil, ok end  -- it cannot wait here
  return ok, message
end

function Syslog:put(record)
  local priority = self.facility * 8 + SEVERITIES[record.level]
  local text = record
  if self.lost > 0 then
    text = { time = record.time, level = record.level,
      text = ("%s (%d before it were lost)"):format(record.text, self.lost) }
  end
  local write = self.path and self.unix_text or self.udp_text
  local ok, message = self:send(write(self, text, priority):sub(1, MOST))
  self.lost = ok and 0 or self.lost + 1
  return ok, message
end

function Syslog:close()
  if self.socket then self.socket:close() end
end

local function open(options)
  options = check_options("log_syslog", "log.syslog", options or {})
  local address = options.address or "unix:/dev/log"
  local tag = options.tag or (arg and arg[0] or "moonwire"):match "[^/]*$"
  local self = setmetatable({ tag = tag:gsub("[^%w._-]", "_"), lost = 0,
    facility = FACILITIES[options.facility or "user"],
    own_level = options.level and levels.number(options.level) }, Syslog)
  self.path = address:match "^unix:(.+)$"
  if self.path then return self end
  if not address:find "^udp://" then
    blame.misuse(("log.syslog: option 'address' must begin with unix: or udp://, got %q"):format(address))
  end
  local message, code
  self.host = host_name()
  self.socket, message, code = connect(address)
  if not self.socket then return nil, "log.syslog: " .. message, code end
  return self
end

return { open = open }
