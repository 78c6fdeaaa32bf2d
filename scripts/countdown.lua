#!/usr/bin/env moonwire
-- countdown.lua: rtimer.lua, by its other name.
dofile((arg[0]:gsub("countdown%.lua$", "rtimer.lua")))
