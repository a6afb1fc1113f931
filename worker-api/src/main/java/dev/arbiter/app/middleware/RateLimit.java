package dev.arbiter.app.middleware;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Headers;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Answers 429 to who asks too often. A bucket of tokens for each key: a request takes one, tokens
 * come back at an even rate, and an empty bucket refuses, with {@code Retry-After} saying when
 * there will be one.
 *
 * <p><b>Each worker counts for itself.</b> A client whose connections reach all N workers of a
 * fleet gets up to N times the rate; one that keeps a connection meets one worker. It protects a
 * worker from being flooded. It is no quota: for that, count in a place all workers share.
 *
 * <p>Memory is bounded: beyond {@link #maxKeys} the key that was seen longest ago is forgotten, and
 * begins anew with a full bucket.
 *
 * <p>Design note. Of a bucket only one number is kept, the time at which it will be full again: a
 * request moves it by one interval, and is refused if that would move it further ahead than the
 * whole bucket is worth (the generic cell rate algorithm). There is nothing to refill.
 */
public final class RateLimit implements Middleware {
  private static final int STRIPES = 16;
  private static final int MANY_KEYS = 100_000;
  private static final byte[] REFUSED = "429 Too Many Requests\n".getBytes(US_ASCII);

  private final long interval;
  private final long burst;
  private final int maxKeys;
  private final Function<RequestHead, Optional<String>> key;
  private final LongSupplier nanos;
  private final Stripe[] stripes = new Stripe[STRIPES];

  private RateLimit(
      long interval,
      long burst,
      int maxKeys,
      Function<RequestHead, Optional<String>> key,
      LongSupplier nanos) {
    this.interval = interval;
    this.burst = burst;
    this.maxKeys = maxKeys;
    this.key = key;
    this.nanos = nanos;
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe(Math.max(1, maxKeys / STRIPES));
    }
  }

  /**
   * Lets {@code requests} pass in each {@code time}, and as many at once, for each client address.
   *
   * @param requests how many, from 1
   * @param time in which they may come, above zero
   * @return a limit that a client above it is told with 429
   * @throws IllegalArgumentException either is not positive, or the rate is above one a nanosecond
   */
  public static RateLimit of(long requests, Duration time) {
    return of(requests, time, System::nanoTime);
  }

  static RateLimit of(long requests, Duration time, LongSupplier nanos) {
    long interval = requests <= 0 ? 0 : time.toNanos() / requests;
    if (interval <= 0) {
      throw new IllegalArgumentException("Not a rate: " + requests + " in " + time);
    }
    return new RateLimit(interval, requests, MANY_KEYS, RateLimit::clientAddress, nanos);
  }

  /**
   * {@return the same with another size of the bucket: how many may come at once, from 1} By
   * default as many as may come in the time.
   *
   * @param requests from 1
   * @throws IllegalArgumentException fewer, or more than the rate fills in 292 years
   */
  public RateLimit burst(long requests) {
    if (requests < 1 || requests > Long.MAX_VALUE / interval) {
      throw new IllegalArgumentException("Not a number of requests: " + requests);
    }
    return new RateLimit(interval, requests, maxKeys, key, nanos);
  }

  /**
   * {@return the same with a bucket for each of other keys, such as a user's name} Requests without
   * a key are not limited. The function must not block.
   *
   * @param newKey called once for each request, by several threads at once; empty for a request
   *     without a limit
   */
  public RateLimit by(Function<RequestHead, Optional<String>> newKey) {
    return new RateLimit(interval, burst, maxKeys, newKey, nanos);
  }

  /**
   * {@return the same, remembering at most this many keys, from 16; 100,000 by default, of some 100
   * bytes}
   *
   * @param keys from 16
   * @throws IllegalArgumentException fewer
   */
  public RateLimit maxKeys(int keys) {
    if (keys < STRIPES) {
      throw new IllegalArgumentException("At least " + STRIPES + " keys: " + keys);
    }
    return new RateLimit(interval, burst, keys, key, nanos);
  }

  /**
   * {@return the default key: a client's IPv4 address, or the first 64 bits of its IPv6 address,
   * since whoever has one such address has all of its network} Empty on a Unix socket.
   *
   * @param request whose {@link RequestHead#client} is asked for
   */
  public static Optional<String> clientAddress(RequestHead request) {
    return request
        .client()
        .filter(InetSocketAddress.class::isInstance)
        .map(client -> ((InetSocketAddress) client).getAddress())
        .map(RateLimit::network);
  }

  private static String network(InetAddress address) {
    return address instanceof Inet6Address
        ? HexFormat.of().formatHex(address.getAddress(), 0, 8)
        : address.getHostAddress();
  }

  @Override
  public Passage enter(RequestHead request) {
    Optional<String> who = key.apply(request);
    if (who.isEmpty()) {
      return Passage.ON;
    }
    int hash = who.get().hashCode();
    Stripe stripe = stripes[(hash ^ hash >>> 16) & (STRIPES - 1)];
    long wait = stripe.take(who.get(), nanos.getAsLong(), interval, burst * interval);
    return wait <= 0 ? Passage.ON : Passage.answered(refusal(wait));
  }

  private static Response refusal(long wait) {
    long seconds = Math.max(1, Math.ceilDiv(wait, TimeUnit.SECONDS.toNanos(1)));
    return new Response(
        429,
        Headers.of(
            "content-type", "text/plain; charset=utf-8", "retry-after", Long.toString(seconds)),
        new Response.Body.Bytes(REFUSED));
  }

  /** How many keys are remembered. */
  int keys() {
    int keys = 0;
    for (Stripe stripe : stripes) {
      keys += stripe.size();
    }
    return keys;
  }

  /** A part of the buckets, under a lock of its own, held for a few stores. */
  private static final class Stripe {
    private final Map<String, Long> fullAt;

    Stripe(int most) {
      fullAt =
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
              return size() > most;
            }
          };
    }

    /** Takes a token. Returns how long to wait for one if there is none, else 0. */
    synchronized long take(String key, long now, long interval, long whole) {
      Long known = fullAt.get(key);
      long from = known == null || known - now < 0 ? now : known;
      long ahead = from - now + interval;
      if (ahead > whole) {
        return ahead - whole;
      }
      fullAt.put(key, from + interval);
      return 0;
    }

    synchronized int size() {
      return fullAt.size();
    }
  }
}
