#include "bridge/bus.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

namespace moonwire {

/// What a listener and those who push share. The loop is not touched without the lock, under
/// which stop() takes it away.
struct BusListener::Box {
  std::mutex mutex;
  Reactor* reactor = nullptr;
  BusListener* listener = nullptr;  // only on the reactor's thread
  std::atomic<std::size_t> behind = 0;

  static void post(const std::shared_ptr<Box>& box,
                   const std::shared_ptr<const BusMessage>& message) {
    const std::lock_guard lock(box->mutex);
    if (box->reactor == nullptr) return;
    box->behind += message->values.size();
    box->reactor->post([box, message] {
      if (box->listener != nullptr) box->listener->on_message(message);
    });
  }
};

/// Who listens to what, in the whole process.
struct BusListener::Directory {
  std::mutex mutex;
  std::map<std::string, std::vector<std::shared_ptr<Box>>> boxes;

  static Directory& instance() {
    static Directory all;
    return all;
  }
};

void BusListener::start(Reactor& reactor, std::string name) {
  stop();
  name_ = std::move(name);
  box_ = std::make_shared<Box>();
  box_->reactor = &reactor;
  box_->listener = this;
  Directory& all = Directory::instance();
  const std::lock_guard lock(all.mutex);
  all.boxes[name_].push_back(box_);
}

bool BusListener::stop() {
  const std::shared_ptr<Box> box = std::move(box_);  // until it is unlocked
  if (!box) return false;
  {
    Directory& all = Directory::instance();
    const std::lock_guard lock(all.mutex);
    const auto found = all.boxes.find(name_);
    std::erase(found->second, box);
    if (found->second.empty()) all.boxes.erase(found);
  }
  const std::lock_guard lock(box->mutex);
  box->reactor = nullptr;
  box->listener = nullptr;
  return true;
}

void BusListener::taken(std::size_t size) {
  if (box_) box_->behind -= size;
}

Result<int> push_on_bus(BusMessage message) {
  std::vector<std::shared_ptr<BusListener::Box>> boxes;
  {
    auto& all = BusListener::Directory::instance();
    const std::lock_guard lock(all.mutex);
    for (const std::string& name : {message.name, std::string(BusListener::kAll)}) {
      const auto found = all.boxes.find(name);
      if (found == all.boxes.end()) continue;
      boxes.insert(boxes.end(), found->second.begin(), found->second.end());
    }
  }
  for (const auto& box : boxes) {
    if (box->behind + message.values.size() <= BusListener::kMost) continue;
    return failure(static_cast<Code>(ENOBUFS), "push", message.name,
                   "a listener is behind by 64 MiB");
  }
  const auto shared = std::make_shared<const BusMessage>(std::move(message));
  for (const auto& box : boxes) BusListener::Box::post(box, shared);
  return static_cast<int>(boxes.size());
}

}  // namespace moonwire
