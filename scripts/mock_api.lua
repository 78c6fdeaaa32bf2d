#!/usr/bin/env moonwire
-- mock_api.lua [ADDRESS] [FILE]: a REST API over whatever collections it is asked for.
local http = require "http"
local json = require "json"

local usage = [[
usage: mock_api.lua [ADDRESS] [FILE]
GET, POST /NAME and GET, PUT, PATCH, DELETE /NAME/ID, for any NAME: records are JSON objects with an
id, kept in memory. FILE, JSON like {"users": [{"name": "a"}]}, says what is there at first.
ADDRESS is what listen takes, of http:// if it does not say (https://); 127.0.0.1:8080 if left out.
Exit: 1 cannot listen there or read FILE, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address, path = arg[1] or "http://127.0.0.1:8080", arg[2]
if address == "--help" then print(usage) os.exit(0) end
if #arg > 2 or address:find "^%-" then fail(2, usage) end
if not address:find "://" then address = "http://" .. address end

local collections = {}  -- by name: { last = the last id, records = by id }

local function collection(name)
  collections[name] = collections[name] or { last = 0, records = {} }
  return collections[name]
end

local function add(name, record)
  local all = collection(name)
  all.last = all.last + 1
  record.id = all.last
  all.records[record.id] = record
  return record
end

local function load_file()
  local file, message = io.open(path)
  if not file then fail(1, "mock_api.lua: " .. message) end
  local data, why = json.decode(file:read("a"))
  if type(data) ~= "table" then fail(1, "mock_api.lua: " .. path .. ": " .. (why or "no object")) end
  for name, records in pairs(data) do
    for _, record in ipairs(records) do add(name, record) end
  end
end
if path then load_file() end

--- The object that was sent; else what to answer.
local function sent(req)
  local record, message = req:json()
  if type(record) == "table" and not (#record > 0) then return record end
  return nil, { error = message or "an object expected" }
end

--- Calls fn(record, id, all) with the record of the path, if it is there.
local function with_record(fn)
  return function(req, res)
    local all, id = collection(req.params.name), math.tointeger(tonumber(req.params.id))
    local record = id and all.records[id]
    if not record then return 404, { error = "no such record" } end
    return fn(record, id, all, req, res)
  end
end

local app = http.app()

app:get("/:name", function(req)
  local list = json.array()
  for _, record in pairs(collection(req.params.name).records) do list[#list + 1] = record end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end)

app:post("/:name", function(req, res)
  local record, wrong = sent(req)
  if not record then return 400, wrong end
  add(req.params.name, record)
  res.headers.Location = ("/%s/%d"):format(req.params.name, record.id)
  return 201, record
end)

app:get("/:name/:id", with_record(function(record) return record end))

app:put("/:name/:id", with_record(function(_, id, all, req)
  local record, wrong = sent(req)
  if not record then return 400, wrong end
  record.id = id
  all.records[id] = record
  return record
end))

app:patch("/:name/:id", with_record(function(record, id, _, req)
  local changes, wrong = sent(req)
  if not changes then return 400, wrong end
  for field, value in pairs(changes) do record[field] = value end
  record.id = id
  return record
end))

app:delete("/:name/:id", with_record(function(_, id, all)
  all.records[id] = nil
end))

local ok, server, message = pcall(listen, address, app)
if not ok then fail(2, "mock_api.lua: " .. server) end
if not server then fail(1, "mock_api.lua: " .. message) end
print("api on " .. server.address)
io.stdout:flush()
