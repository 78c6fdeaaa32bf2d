// Replies whose text has to be kept: it goes into the runtime's scratch.
#include "bridge/row.hpp"

namespace moonwire {

Reply Reply::copy(Runtime& runtime, std::string_view text) {
  std::string& scratch = runtime.scratch();
  scratch = text;
  return bytes(scratch);
}

Reply Reply::datagram(Runtime& runtime, std::string_view data, std::string_view from,
                      std::size_t whole) {
  std::string& scratch = runtime.scratch();
  scratch.assign(data).append(from);
  Reply reply = bytes(scratch);
  reply.kind = Kind::kDatagram;
  reply.slot = static_cast<std::uint8_t>(from.size());  // an address: 113 bytes at most
  reply.keep_first = static_cast<int>(whole);
  return reply;
}

Reply Reply::record(Runtime& runtime, const Row& row) {
  static_assert(std::is_trivially_copyable_v<Row>);
  Reply reply = copy(runtime, {reinterpret_cast<const char*>(&row), sizeof row});
  reply.kind = Kind::kRecord;
  return reply;
}

Reply Reply::fail(Runtime& runtime, const Error& error) {
  std::string& scratch = runtime.scratch();
  scratch = error.message();
  Reply reply = bytes(scratch);
  reply.kind = Kind::kFailure;
  reply.code = error.code;
  return reply;
}

Reply Reply::fail(Runtime& runtime, Code code, const char* operation, std::string_view detail,
                  std::string_view cause) {
  return fail(runtime, Error{code, operation, std::string(detail), std::string(cause)});
}

Reply Reply::raise(Runtime& runtime, std::string_view message) {
  Reply reply = copy(runtime, message);
  reply.kind = Kind::kRaise;
  return reply;
}

}  // namespace moonwire
