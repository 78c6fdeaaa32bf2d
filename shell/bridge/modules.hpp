// Every binding file's module, by name. Internal to the bridge.
#pragma once

#include "bridge/entry.hpp"

namespace moonwire {

extern const Module kConnectionModule;       // stream.cpp
extern const Module kHooksModule;            // hooks.cpp
extern const Module kTlsModule;              // tls.cpp
extern const Module kWebSocketModule;        // websocket.cpp
extern const Module kWebSocketNativeModule;  // native.websocket
extern const Module kConnectModule;          // connect.cpp
extern const Module kListenerModule;         // listener.cpp
extern const Module kSocketModule;           // datagram_socket.cpp
extern const Module kTimerModule;            // timer.cpp
extern const Module kWatcherModule;          // watcher.cpp
extern const Module kSignalModule;           // signal.cpp
extern const Module kEventModule;            // event.cpp
extern const Module kHookModule;             // hook.cpp
extern const Module kTaskModule;             // spawn.cpp
extern const Module kConnectionTaskModule;
extern const Module kThreadModule;        // thread.cpp
extern const Module kThreadNativeModule;  // native.thread
extern const Module kBusModule;           // bus_listener.cpp, native.bus
extern const Module kBusListenerModule;
extern const Module kProcessModule;        // process.cpp
extern const Module kProcessNativeModule;  // native.process
extern const Module kLoopModule;           // loop.cpp
extern const Module kReactorModule;        // initialize.cpp, native.reactor
extern const Module kDnsModule;            // dns.cpp, native.dns
extern const Module kFsModule;             // fs.cpp, native.fs
extern const Module kHttpClientModule;     // http_client.cpp, native.http_client
extern const Module kHttpReaderModule;
extern const Module kHttpModule;       // http.cpp, native.http
extern const Module kMultipartModule;  // multipart.cpp, native.multipart
extern const Module kMultipartReaderModule;
extern const Module kSystemModule;  // system.cpp, native.system
extern const Module kLogTargetModule;
extern const Module kOptionsModule;

}  // namespace moonwire
