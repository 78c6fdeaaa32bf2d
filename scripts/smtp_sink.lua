#!/usr/bin/env moonwire
-- smtp_sink.lua [OPTIONS] [ADDRESS]: a mail server for tests. It takes every mail and prints it. Default
-- address: 2525, this machine; port 0 takes any that is free.
local USAGE = [[
usage: smtp_sink.lua [OPTIONS] [ADDRESS]
  --user NAME:PASSWORD   wants AUTH, PLAIN or LOGIN
  --tls                  offers STARTTLS, with a certificate made up for it, or
  --cert FILE --key FILE with this one (PEM)
  --refuse PART          refuses recipients with PART in their address
  --size BYTES           the largest mail, default 10 MiB
Exit: 1 no listening there, 2 usage.]]

local function usage(status)
  io[status == 0 and "stdout" or "stderr"]:write(USAGE, "\n")
  os.exit(status)
end

local user, password, tls, cert, key, refuse, address
local most = 10 * 1024 * 1024
local i = 1
while arg[i] do
  local word, value = arg[i], arg[i + 1]
  if word == "--help" then
    usage(0)
  elseif word == "--tls" then
    tls = true
  elseif word == "--user" and value then
    user, password = value:match "^([^:]+):(.*)$"
    if not user then usage(2) end
    i = i + 1
  elseif word == "--cert" and value then
    tls, cert, i = true, value, i + 1
  elseif word == "--key" and value then
    key, i = value, i + 1
  elseif word == "--refuse" and value then
    refuse, i = value, i + 1
  elseif word == "--size" and math.tointeger(tonumber(value)) then
    most, i = math.tointeger(tonumber(value)), i + 1
  elseif word:sub(1, 1) == "-" or address then
    usage(2)
  else
    address = word
  end
  i = i + 1
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function from_base64(text)
  local out, bits, count = {}, 0, 0
  for letter in text:gmatch "[%w+/]" do
    bits, count = (bits << 6 | ALPHABET:find(letter, 1, true) - 1) & 0xffff, count + 6
    if count >= 8 then
      count = count - 8
      out[#out + 1] = string.char(bits >> count & 0xff)
    end
  end
  return table.concat(out)
end

-- --- a session: one function for each command -----------------------------------------------------
local commands = {}

local function say(session, text) session.conn:write(text, "\r\n") end

function commands.EHLO(session, name)
  if name == "" then return say(session, "501 who?") end
  session.hello = name
  local can = { "smtp_sink greets " .. name, "8BITMIME", ("SIZE %d"):format(most) }
  if tls and not session.conn.tls then can[#can + 1] = "STARTTLS" end
  if user and (session.conn.tls or not tls) then can[#can + 1] = "AUTH PLAIN LOGIN" end
  for at, word in ipairs(can) do say(session, "250" .. (at == #can and " " or "-") .. word) end
end

function commands.HELO(session, name)
  session.hello = name
  say(session, "250 smtp_sink")
end

function commands.STARTTLS(session)
  if not tls or session.conn.tls then return say(session, "502 no TLS here") end
  say(session, "220 go on")
  if not session.conn:starttls { cert = cert, key = key } then return true end
  session.hello, session.known, session.from = nil, nil, nil
end

local function judge(session, name, secret)
  session.known = user and name == user and secret == password
  say(session, session.known and "235 welcome" or "535 wrong user or password")
end

local function ask(session, what)
  say(session, "334 " .. what)
  return from_base64(session.conn:read("l") or "")
end

function commands.AUTH(session, rest)
  if not user then return say(session, "502 nobody is asked here") end
  local way, initial = rest:match "^(%S+)%s*(%S*)"
  way = way and way:upper()
  if way == "PLAIN" then
    local text = initial ~= "" and from_base64(initial) or ask(session, "")
    judge(session, text:match "^[^%z]*%z([^%z]*)%z(.*)$")
  elseif way == "LOGIN" then
    local name = initial ~= "" and from_base64(initial) or ask(session, "VXNlcm5hbWU6")
    judge(session, name, ask(session, "UGFzc3dvcmQ6"))
  else
    say(session, "504 PLAIN or LOGIN")
  end
end

function commands.MAIL(session, rest)
  local from, parameters = rest:match "^[Ff][Rr][Oo][Mm]:%s*<([^>]*)>(.*)$"
  local size = tonumber(parameters and parameters:match "[Ss][Ii][Zz][Ee]=(%d+)")
  if not session.hello then return say(session, "503 EHLO first") end
  if user and not session.known then return say(session, "530 authenticate first") end
  if not from then return say(session, "501 MAIL FROM:<address>") end
  if size and size > most then return say(session, "552 too large") end
  session.from, session.to = from, {}
  say(session, "250 sender is known")
end

function commands.RCPT(session, rest)
  local to = rest:match "^[Tt][Oo]:%s*<([^>]+)>"
  if not session.from then return say(session, "503 MAIL FROM first") end
  if not to then return say(session, "501 RCPT TO:<address>") end
  if refuse and to:find(refuse, 1, true) then return say(session, "550 no such user here") end
  session.to[#session.to + 1] = to
  say(session, "250 will get it")
end

function commands.DATA(session)
  if not session.from or #session.to == 0 then return say(session, "503 RCPT TO first") end
  say(session, "354 up to a dot alone")
  local lines, size = {}, 0
  for line in session.conn:lines() do
    line = line:gsub("\r$", "")
    if line == "." then break end
    size = size + #line + 2
    if size <= most then lines[#lines + 1] = line:gsub("^%.", "") end
  end
  if size > most then return say(session, "552 too large") end
  print(("--- mail from %s to %s%s%s"):format(session.from, table.concat(session.to, ","),
    session.known and ", user " .. user or "", session.conn.tls and ", TLS" or ""))
  print(table.concat(lines, "\n"))
  print "--- end"
  session.from, session.to = nil, nil
  say(session, "250 taken")
end

function commands.RSET(session)
  session.from, session.to = nil, nil
  say(session, "250 forgotten")
end

function commands.NOOP(session) say(session, "250 nothing done") end

function commands.QUIT(session)
  say(session, "221 bye")
  return true
end

local function serve(conn)
  local session = { conn = conn }
  say(session, "220 smtp_sink ESMTP")
  for line in conn:lines() do
    local word, rest = line:gsub("\r$", ""):match "^(%a+)%s*(.-)%s*$"
    local command = word and commands[word:upper()]
    if not command then
      say(session, "500 unknown command")
    elseif command(session, rest) then
      return
    end
  end
end

-- --- the server -----------------------------------------------------------------------------------
local ok, server, message = pcall(listen, address or 2525, serve)
if not ok then
  io.stderr:write("smtp_sink.lua: ", server, "\n")
  usage(2)
end
if not server then
  io.stderr:write("smtp_sink.lua: ", message, "\n")
  os.exit(1)
end
print("smtp sink on " .. server.address)
