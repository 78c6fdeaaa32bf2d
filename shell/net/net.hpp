// What the streams of one loop share: the reactor, the buffer that reads go into,
// and the list of streams whose gathered writes have not left yet. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/buffer.hpp"
#include "net/resolver.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class Stream;
struct DatagramBatch;

class Net {
 public:
  explicit Net(Reactor& reactor) : reactor_(reactor), resolver_(reactor) {}
  Net(const Net&) = delete;
  Net& operator=(const Net&) = delete;

  /// Room for one read and the unfinished piece before it.
  static constexpr std::size_t kSharedSize = 320 * 1024;

  Reactor& reactor() { return reactor_; }
  Resolver& resolver() { return resolver_; }

  /// The one buffer that all reads go into; made at the first read.
  char* shared_buffer() {
    if (!shared_) shared_ = std::make_unique_for_overwrite<char[]>(kSharedSize);
    return shared_.get();
  }

  /// What all datagrams go through (datagram.cpp); made by the first socket that needs it.
  std::shared_ptr<DatagramBatch> datagrams;

  /// The rules of TLS that connections share; made by the first that needs them.
  std::shared_ptr<class TlsContexts> tls;

  /// While a batch is open, what streams write gathers; at the end of the outermost
  /// one each leaves in one call.
  void open_batch() { ++batches_; }
  void close_batch() {
    if (--batches_ == 0 && !dirty_.empty()) flush();
  }

  /// Sends what has gathered, now.
  void flush();
  /// The same in the middle of a long batch, if something has waited for kPatience.
  void flush_overdue() {
    if (!dirty_.empty() && Clock::now() - dirty_since_ > kPatience) flush();
  }

  /// A drained write buffer is kept here for the next writer: idle streams have none.
  Buffer take_spare();
  void give_spare(Buffer&& buffer);

 private:
  friend class Stream;
  Reactor& reactor_;
  Resolver resolver_;
  std::unique_ptr<char[]> shared_;
  static constexpr Nanoseconds kPatience = std::chrono::milliseconds(1);
  std::vector<Stream*> dirty_;
  TimePoint dirty_since_{};  // when the first of them came
  std::vector<Buffer> spares_;
  Buffer spent_;  // a stream's own buffer, taken whole: the last view into it is still good
  // Input just read, inside the on_input() of the stream it is for: what is not taken yet.
  Stream* live_of_ = nullptr;
  std::string_view live_;
  int batches_ = 0;
};

/// Keeps a batch open for a scope.
class Batch {
 public:
  explicit Batch(Net& net) : net_(net) { net_.open_batch(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { net_.close_batch(); }

 private:
  Net& net_;
};

}  // namespace moonwire
