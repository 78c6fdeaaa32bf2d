--- The log by mail, to people: what comes within a second goes together, and no mail leaves before
-- `interval` is over since the last. So a storm is one mail, in which an entry that came a thousand
-- times stands once, with the count. A mail that fails is tried again with the next, three times.
local blame = require "blame"
local check_options = require "options"
local levels = require "log.levels"
local message_of = require "smtp.message"
local smtp = require "smtp"

local now, spawn, timeout = now, spawn, timeout

local GATHER <const> = 1      -- seconds
local INTERVAL <const> = 60   -- seconds, as in the manifest
local MOST <const> = 100      -- different entries in a mail
local TRIES <const> = 3
local OWN <const> = { "from", "to", "subject", "server", "user", "password", "tls" }

local Mail = {}
Mail.__index = Mail

--- Adds an entry to those that wait; the same text is noted once.
function Mail:put(record)
  if not self.complete then return true end
  if self.silent then return true end  -- about itself
  self.total = self.total + 1
  local key = record.level .. " " .. record.text
  local known = self.by_text[key]
  if known then
    known.count = known.count + 1
  elseif #self.entries < MOST then
    local entry = { record = record, count = 1 }
    self.entries[#self.entries + 1], self.by_text[key] = entry, entry
  else
    self.left_out = self.left_out + 1
  end
  if not self.timer then self:send_after(math.max(GATHER, self.not_before - now())) end
  return true
end

function Mail:send_after(seconds)
  self.timer = timeout(seconds, function()
    self.timer = nil
    self:send()
  end):label "log.mail"
end

--- The entries that wait, as the text of a mail; they are forgotten.
function Mail:take()
  local lines = {}
  for i, entry in ipairs(self.entries) do
    local line = levels.text_of(entry.record)
    lines[i] = entry.count == 1 and line or ("%s (%d times)\n"):format(line:sub(1, -2), entry.count)
  end
  if self.left_out > 0 then lines[#lines + 1] = ("and %d more\n"):format(self.left_out) end
  local mail = { text = table.concat(lines), total = self.total, tries = 0 }
  self:forget()
  return mail
end

function Mail:forget() self.entries, self.by_text, self.total, self.left_out = {}, {}, 0, 0 end

--- A task, which one at a time is: what comes meanwhile is for the next.
function Mail:send()
  local mail = self.failed
  if self.total > 0 then
    local fresh = self:take()
    if mail then
      fresh.text, fresh.total, fresh.tries = mail.text .. fresh.text, mail.total + fresh.total, mail.tries
    end
    mail = fresh
  end
  if not mail then return end
  self.not_before, self.failed = now() + self.interval, nil
  self.task = spawn(function() self:deliver(mail) end)
end

function Mail:deliver(mail)
  local options = { body = mail.text }
  for _, name in ipairs(OWN) do options[name] = self.options[name] end
  options.subject = ("%s: %d %s"):format(options.subject or "moonwire", mail.total,
    mail.total == 1 and "message" or "messages")
  local sent, message = smtp.send(options)
  self.task = nil
  if not sent then self:note_failure(mail, message) end
  local waits = self.total > 0 or self.failed
  if waits and not self.timer and not self.closed then
    self:send_after(math.max(0, self.not_before - now()))
  end
end

--- Said by the other targets: there is no mail about mail.
function Mail:note_failure(mail, message)
  mail.tries = mail.tries + 1
  if mail.tries < TRIES and not self.closed then self.failed = mail end
  self.silent = true
  self.log.error(("log.mail: %s; %d messages %s"):format(message, mail.total,
    self.failed and "wait" or "are lost"))
  self.silent = false
end

--- Sends what waits, at once -> true, or false if that was not done within `seconds`. Waits.
function Mail:flush(seconds)
  local deadline = now() + seconds
  if self.task then self.task:join(seconds) end
  if self.timer then
    self.timer:delete()
    self.timer = nil
    self:send()
  end
  if self.task then self.task:join(math.max(0, deadline - now())) end
  return self.total == 0 and not self.failed and not self.task
end

--- What waits is sent before it goes.
function Mail:close()
  self.closed = true
  if not self.timer then return end
  self.timer:delete()
  self.timer = nil
  self:send()
end

local function open(log, options)
  check_options("log_mail", "log.mail", options)
  local complete = options.from ~= nil and options.to ~= nil
  local good, problem = pcall(message_of, { from = options.from, to = options.to })
  if complete and not good then blame.misuse((problem:gsub("^smtp.send", "log.mail"))) end
  local self = setmetatable({ log = log, options = options, interval = options.interval or INTERVAL,
    own_level = levels.number(options.level or "info"), not_before = 0,
    complete = complete }, Mail)
  self:forget()
  return self
end

return { open = open }
