#!/usr/bin/env moonwire
-- chat_web.lua [ADDRESS]: a chat room for browsers, page and all. Default http://127.0.0.1:8080.
local usage = [[
usage: chat_web.lua [ADDRESS]
A chat room in the browser: open ADDRESS, say who you are, and write. ADDRESS is what listen takes,
of http:// if it does not say (https://); 127.0.0.1:8080 if left out. Who comes later sees the last
things that were said. Pages of other sites may not connect; who does not read is put out.
Exit: 1 cannot listen there, 2 usage.]]

local http = require "http"
local json = require "json"
local ws = require "ws"

local REMEMBERED <const> = 50
local LONGEST <const> = 2000   -- bytes of one thing that is said

local PAGE <const> = [[
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>chat</title>
<style>
  body { font: 16px/1.5 sans-serif; max-width: 40em; margin: 1em auto; padding: 0 1em }
  #said { list-style: none; padding: 0 }
  #said b::after { content: ": " }
  .note { color: gray }
  form { display: flex; gap: .5em }
  #text { flex: 1 }
</style>
<h1>chat</h1>
<p id="who" class="note"></p>
<ul id="said"></ul>
<form id="form"><input id="name" placeholder="your name" maxlength="20" size="10">
<input id="text" placeholder="say something" maxlength="500" autofocus> <button>say</button></form>
<script>
const at = id => document.getElementById(id)
function show(who, text) {
  const line = document.createElement("li")
  if (who) line.append(Object.assign(document.createElement("b"), { textContent: who }))
  else line.className = "note"
  line.append(text)
  at("said").append(line)
  line.scrollIntoView()
}
let room
function enter() {
  room = new WebSocket(location.href.replace(/^http/, "ws").replace(/[^/]*$/, "room"))
  room.onopen = () => { at("said").textContent = ""; if (at("name").value) rename() }
  room.onmessage = event => {
    const told = JSON.parse(event.data)
    if (told.people) at("who").textContent = "here: " + told.people.join(", ")
    else show(told.who, told.text)
  }
  room.onclose = event => {
    show(null, "disconnected " + (event.reason || event.code) + "; trying again")
    setTimeout(enter, 1000)
  }
}
const send = what => room.readyState == 1 && room.send(JSON.stringify(what))
const rename = () => send({ name: at("name").value })
at("name").onchange = rename
at("form").onsubmit = event => {
  event.preventDefault()
  if (at("text").value) send({ say: at("text").value })
  at("text").value = ""
}
enter()
</script>
]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local room = ws.group { policy = "disconnect", limit = 256 * 1024 }
local names = {}               -- member -> its name
local said = {}                -- the last messages, as they were sent
local arrivals = 0

local function tell(message)
  local text = json.encode(message)
  said[#said + 1] = text
  if #said > REMEMBERED then table.remove(said, 1) end
  room:send(text)
end

local function tell_people()
  local people = {}
  for _, name in pairs(names) do people[#people + 1] = name end
  table.sort(people)
  room:send(json.encode { people = json.array(people) })
end

local function rename(member, wanted)
  local name = wanted:gsub("%c", ""):sub(1, 20)
  if name == "" or not utf8.len(name) or name == names[member] then return end
  tell { text = names[member] .. " is now " .. name }
  names[member] = name
  tell_people()
end

local function hear(member, text)
  local message = json.decode(text)
  if type(message) ~= "table" then return member:close(1007, "JSON expected") end
  if type(message.name) == "string" then rename(member, message.name) end
  if type(message.say) == "string" then tell { who = names[member], text = message.say } end
end

local function leave(member)
  room:remove(member)
  local name = names[member]
  names[member] = nil
  tell { text = name .. " has left" }
  tell_people()
end

local function serve(member)
  local guard <close> = setmetatable({}, { __close = function() leave(member) end })
  arrivals = arrivals + 1
  names[member] = "guest " .. arrivals
  for _, text in ipairs(said) do member:write(text) end
  room:add(member)
  tell { text = names[member] .. " has come" }
  tell_people()
  for text in member:messages() do hear(member, text) end
end

local address = arg[1] or "http://127.0.0.1:8080"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end
if not address:find "://" then address = "http://" .. address end

local app = http.app()
app:get("/", function(_, res)
  res:set("Content-Type", "text/html; charset=utf-8")
  return PAGE
end)
app:ws("/room", { origins = "same", max_message = LONGEST, compress = true }, serve)

local ok, server, message = pcall(listen, address, app)
if not ok then fail(2, "chat_web.lua: " .. server) end
if not server then fail(1, "chat_web.lua: " .. message) end
print("chat on " .. server.address)
io.stdout:flush()
