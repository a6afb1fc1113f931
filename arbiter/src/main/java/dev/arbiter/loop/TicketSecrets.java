package dev.arbiter.loop;

import dev.arbiter.upgrade.Heritage;
import dev.arbiter.wire.Message;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The secrets that workers make the keys of TLS session tickets of: the same for all, so that each
 * resumes what another has begun. In memory only: an arbiter that takes over in place finds them in
 * the file in memory that all else is handed over in. On the loop's thread.
 *
 * <p>Design note. A ticket can be opened by whoever has its key, for as long as the key exists (RFC
 * 5077 section 5.5), so keys must change. Three are known at a time: one to encrypt with, the one
 * before it, so that no client notices, and the next one, so that a worker that hears of the change
 * a moment later than its siblings can open what they give out.
 */
final class TicketSecrets {
  /** A ticket is good for at least this, and at most twice as long. */
  static final long ROTATION_NANOS = TimeUnit.HOURS.toNanos(12);

  private static final int SECRET = 32;

  private final SecureRandom random;
  private byte[] before;
  private byte[] current;
  private byte[] next;
  private long rotated;

  TicketSecrets(SecureRandom random, long now) {
    this.random = random;
    before = secret();
    current = secret();
    next = secret();
    rotated = now;
  }

  /** Goes on with those of the arbiter before, if they are what this one can use. */
  void adopt(Heritage.Tickets left) {
    List<byte[]> all = new ArrayList<>();
    for (String secret : left.secrets()) {
      if (secret.matches("[0-9a-f]{" + 2 * SECRET + "}")) {
        all.add(HexFormat.of().parseHex(secret));
      }
    }
    if (all.size() == 3) { // else another version has another number of them: clients begin anew
      before = all.get(0);
      current = all.get(1);
      next = all.get(2);
      rotated = left.rotatedAt();
    }
  }

  /** For the arbiter that takes over. */
  Heritage.Tickets leave() {
    HexFormat hex = HexFormat.of();
    return new Heritage.Tickets(
        List.of(hex.formatHex(before), hex.formatHex(current), hex.formatHex(next)), rotated);
  }

  private byte[] secret() {
    byte[] bytes = new byte[SECRET];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Whether there is something new to tell. Days may have passed since it was asked last. */
  boolean rotate(long now) {
    boolean changed = false;
    // After three nothing is left of what was.
    for (int i = 0; i < 3 && now - rotated >= ROTATION_NANOS; i++) {
      before = current;
      current = next;
      next = secret();
      rotated = i == 2 ? now : rotated + ROTATION_NANOS;
      changed = true;
    }
    return changed;
  }

  /** What a worker is told. */
  Message.Keys message() {
    List<byte[]> all = new ArrayList<>();
    all.add(current);
    all.add(before);
    all.add(next);
    return Message.Keys.of(all);
  }
}
