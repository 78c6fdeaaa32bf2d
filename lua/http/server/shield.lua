--- Keeps out of an app whom it has seen to ask too much, or for what only attackers ask: app:shield
-- puts it in front, app.shield is it. Who is flagged gets 403 until app.shield:unflag(ip).
local check_options = require "http.server.options"

local now, spawn = now, spawn  -- whatever a program calls so

local LIMIT <const> = 200    -- requests
local INTERVAL <const> = 2   -- seconds

--- What no browser asks for, in small letters.
local FRAGMENTS <const> = { "../", "..\\", "/etc/passwd", "/etc/shadow", "/proc/self/", "/bin/sh",
  "/.env", "/.git/", "/.ssh/", "/.aws/", "/wp-login.php", "/wp-admin/", "/xmlrpc.php", "/phpmyadmin",
  "/phpunit/", "/cgi-bin/", "<script", "${jndi:", "union select", "base64_decode(" }
--- Programs that only look for holes.
local AGENTS <const> = { "sqlmap", "nikto", "masscan", "zgrab", "nuclei", "gobuster", "dirbuster",
  "wpscan" }

local Shield = { __name = "shield" }
Shield.__index = Shield

local function address_of(peer)
  return peer:match "^%[(.*)%]:%d+$" or peer:match "^(.*):%d+$" or peer
end

local function find_one(text, list)
  text = text:lower()
  for _, fragment in ipairs(list) do
    if text:find(fragment, 1, true) then return fragment end
  end
end

--- Why a request is an attack; nil if it does not look like one.
local function attack(req)
  local found = find_one(req.path, FRAGMENTS) or find_one(req.target, FRAGMENTS)
  if found then return "path: " .. found end
  found = find_one(req.headers.cookie or "", FRAGMENTS)
  if found then return "cookie: " .. found end
  local agent = req.headers["user-agent"] or ""
  found = find_one(agent, AGENTS) or find_one(agent, FRAGMENTS)
  return found and "agent: " .. found
end

--- The end of an interval, seen by the first request behind it: a timer would keep the program
-- going. Who has asked too much is flagged, and all are counted anew.
local function tick(self)
  local counts = self.counts
  self.counts, self.ends = {}, now() + self.interval
  for ip, count in pairs(counts) do
    if count > self.limit and not self.blacklist[ip] then
      self:flag(ip, ("%d requests in %g s"):format(count, self.interval))
    end
  end
end

--- Refuses `ip` from here on; on_flag is told once. False if it was flagged.
function Shield:flag(ip, reason)
  if self.blacklist[ip] then return false end
  self.blacklist[ip] = reason or "flagged"
  if self.on_flag then spawn(self.on_flag, ip, self.blacklist[ip]) end
  return true
end

--- Lets `ip` in again. False if it was not flagged.
function Shield:unflag(ip)
  if not self.blacklist[ip] then return false end
  self.blacklist[ip], self.counts[ip] = nil, nil
  return true
end

--- Middleware.
local function guard(self)
  return function(req, res, next)
    local ip = address_of(req.peer)
    if now() >= self.ends then tick(self) end
    if not self.blacklist[ip] then
      self.counts[ip] = (self.counts[ip] or 0) + 1
      local reason = attack(req)
      if not reason then return next() end
      self:flag(ip, reason)
    end
    res.headers.Connection = "close"
    return 403, "forbidden\n"
  end
end

function Shield:__tostring()
  local count = 0
  for _ in pairs(self.blacklist) do count = count + 1 end
  return ("shield (%d flagged, %d requests per %g s)"):format(count, self.limit, self.interval)
end

Shield.__inspect = Shield.__tostring

--- `options`: limit, the requests of one address that are let through within `interval` seconds;
-- blacklist, a table of address = reason, which is used and changed; on_flag(ip, reason).
local function new(options)
  options = check_options("app:shield", options,
    { limit = "number", interval = "number", blacklist = "table", on_flag = "function" })
  local self = setmetatable({ limit = options.limit or LIMIT, interval = options.interval or INTERVAL,
    blacklist = options.blacklist or {}, on_flag = options.on_flag, counts = {}, ends = 0 }, Shield)
  return self, guard(self)
end

return { new = new }
