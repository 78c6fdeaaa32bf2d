#include "net/net.hpp"

#include <cerrno>
#include <new>

#include "net/stream.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kSpares = 64;

}  // namespace

void Net::flush() {
  // A flush ends in callbacks that may write: those streams join the list behind, and leave
  // in the same round, not from inside the writer's call.
  open_batch();
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    Stream* stream = dirty_[i];
    if (!stream) continue;  // closed meanwhile
    dirty_[i] = nullptr;
    stream->dirty_ = false;
    try {
      stream->flush();
    } catch (const std::bad_alloc&) {
      stream->die(stream->trouble("write", ENOMEM));
    }
  }
  dirty_.clear();
  --batches_;
}

Buffer Net::take_spare() {
  if (spares_.empty()) return {};
  Buffer spare = std::move(spares_.back());
  spares_.pop_back();
  return spare;
}

void Net::give_spare(Buffer&& buffer) {
  if (spares_.size() < kSpares) spares_.push_back(std::move(buffer));
}

}  // namespace moonwire
