package dev.arbiter.wire;

import dev.arbiter.wire.Message.Accept;
import dev.arbiter.wire.Message.Beat;
import dev.arbiter.wire.Message.Closing;
import dev.arbiter.wire.Message.Collect;
import dev.arbiter.wire.Message.Configure;
import dev.arbiter.wire.Message.Drain;
import dev.arbiter.wire.Message.Draining;
import dev.arbiter.wire.Message.Eject;
import dev.arbiter.wire.Message.Evidence;
import dev.arbiter.wire.Message.Failed;
import dev.arbiter.wire.Message.Hello;
import dev.arbiter.wire.Message.Keys;
import dev.arbiter.wire.Message.ListenerInfo;
import dev.arbiter.wire.Message.Phase;
import dev.arbiter.wire.Message.Probe;
import dev.arbiter.wire.Message.Probed;
import dev.arbiter.wire.Message.Queues;
import dev.arbiter.wire.Message.Ready;
import dev.arbiter.wire.Message.RecycleMe;
import dev.arbiter.wire.Message.Reopen;
import dev.arbiter.wire.Message.Say;
import dev.arbiter.wire.Message.Slow;
import dev.arbiter.wire.Message.Stop;
import dev.arbiter.wire.Message.Unknown;
import java.util.ArrayList;
import java.util.List;

/**
 * The one codec of {@link Message}.
 *
 * <p>A frame is a length (4 bytes, of what follows), a type (2 bytes) and the record's fields in
 * order, big-endian. A reader that finds bytes left over skips them; one that runs out takes zero
 * or empty. So a field may be added at the end of a record, and never changed or removed.
 */
public final class Wire {
  /** Sent in {@link Hello}; raised only when old and new can no longer speak to each other. */
  public static final int VERSION = 1;

  /**
   * The oldest version an arbiter still understands: its workers may come from an older
   * installation, as they do after an upgrade in place.
   */
  public static final int OLDEST = 1;

  /**
   * The longest frame a worker sends: PIPE_BUF (pipe(7)), so that a non-blocking write is whole or
   * not at all, whichever thread it comes from.
   */
  public static final int MAX_FROM_WORKER = 4096;

  /**
   * The longest frame an arbiter sends. Less than a pipe's 64 KiB: {@link Configure} is the first
   * message into an empty pipe, so it never waits for a worker that does not read.
   */
  public static final int MAX_TO_WORKER = 60_000;

  private static final int HEAD = 4;

  private Wire() {}

  /**
   * Encodes one message from a worker. Its texts are shortened until it fits.
   *
   * @return a whole frame, at most {@link #MAX_FROM_WORKER} bytes
   */
  public static byte[] encode(Message.FromWorker message) {
    for (int textLimit = 3500; ; textLimit /= 2) {
      byte[] frame = new FrameWriter(textLimit).frame(message);
      if (frame.length <= MAX_FROM_WORKER) {
        return frame;
      }
      if (textLimit == 0) {
        throw new IllegalArgumentException("A message does not fit a frame: " + message.getClass());
      }
    }
  }

  /**
   * Encodes one message to a worker.
   *
   * @throws IllegalArgumentException if it is longer than {@link #MAX_TO_WORKER}
   */
  public static byte[] encode(Message.ToWorker message) {
    byte[] frame = new FrameWriter(Integer.MAX_VALUE).frame(message);
    if (frame.length > MAX_TO_WORKER) {
      throw new IllegalArgumentException(
          "The settings of a worker are too long: %,d bytes of at most %,d"
              .formatted(frame.length, MAX_TO_WORKER));
    }
    return frame;
  }

  /** Cuts a byte stream into messages, whatever pieces it comes in. Not for several threads. */
  public static final class Decoder {
    private final int limit;
    private byte[] buffer = new byte[MAX_FROM_WORKER];
    private int filled;

    private Decoder(int limit) {
      this.limit = limit;
    }

    /** For what a worker sends. */
    public static Decoder fromWorker() {
      return new Decoder(MAX_FROM_WORKER);
    }

    /** For what an arbiter sends. */
    public static Decoder toWorker() {
      return new Decoder(MAX_TO_WORKER);
    }

    /** The bytes of a frame that has not come whole; another decoder can go on from them. */
    public byte[] rest() {
      return java.util.Arrays.copyOf(buffer, filled);
    }

    /**
     * Takes more bytes, and gives the messages they complete.
     *
     * @throws ProtocolException if what came is no frame; the stream is of no more use
     */
    public List<Message> take(byte[] bytes, int length) throws ProtocolException {
      if (filled + length > buffer.length) {
        buffer = java.util.Arrays.copyOf(buffer, Math.max(buffer.length * 2, filled + length));
      }
      System.arraycopy(bytes, 0, buffer, filled, length);
      filled += length;
      List<Message> messages = new ArrayList<>();
      int from = 0;
      while (filled - from >= HEAD) {
        int body = FrameReader.intAt(buffer, from);
        if (body < 2 || body > limit - HEAD) {
          throw new ProtocolException("A frame claims a length of " + body + " bytes");
        }
        if (filled - from < HEAD + body) {
          break;
        }
        messages.add(new FrameReader(buffer, from + HEAD, body).message());
        from += HEAD + body;
      }
      System.arraycopy(buffer, from, buffer, 0, filled - from);
      filled -= from;
      return messages;
    }
  }

  /** The stream does not hold frames. */
  public static final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1;

    ProtocolException(String message) {
      super(message);
    }
  }

  /** The number of a message's type: stable for ever, never used again for another. */
  static int type(Message message) {
    return switch (message) {
      case Hello _ -> 1;
      case Phase _ -> 2;
      case Ready _ -> 3;
      case Beat _ -> 4;
      case RecycleMe _ -> 5;
      case Draining _ -> 6;
      case Evidence _ -> 7;
      case Failed _ -> 8;
      case Say _ -> 9;
      case Slow _ -> 10;
      case Probed _ -> 11;
      case Configure _ -> 101;
      case Accept _ -> 102;
      case Eject _ -> 103;
      case Drain _ -> 104;
      case Collect _ -> 105;
      case Reopen _ -> 106;
      case Keys _ -> 107;
      case Stop _ -> 108;
      case Probe _ -> 109;
      case Queues _ -> 110;
      case Closing _ -> 111;
      case Unknown unknown -> unknown.type();
    };
  }

  static void write(Message message, FrameWriter to) {
    switch (message) {
      case Hello m -> to.number(m.version()).number(m.pid()).text(m.kind());
      case Phase m -> to.text(m.name()).number(m.nanos());
      case Ready m -> to.text(m.app());
      case Beat m -> write(m.vitals(), to);
      case RecycleMe m -> to.text(m.reason());
      case Draining m -> to.number(m.connections()).number(m.requests());
      case Evidence m -> to.number(m.id()).flag(m.last()).text(m.text());
      case Failed m -> to.text(m.phase()).number(m.exitCode()).text(m.cause()).text(m.hint());
      case Say m -> to.text(m.level()).text(m.text());
      case Slow m -> to.text(m.request()).number(m.millis()).text(m.stack());
      case Probed m -> to.number(m.id()).number(m.status()).number(m.millis()).text(m.detail());
      case Configure m -> {
        to.number(m.nr()).number(m.workers()).number(m.generation());
        to.number(m.listeners().size());
        m.listeners().forEach(l -> to.number(l.fd()).text(l.name()).flag(l.unix()));
        to.texts(m.settings());
      }
      case Drain m -> to.text(m.reason()).number(m.grace()).number(m.linger());
      case Collect m -> to.number(m.id()).text(m.what()).text(m.folder());
      case Keys m -> to.text(m.tickets());
      case Stop m -> to.text(m.reason());
      case Probe m -> to.number(m.id()).text(m.path());
      case Queues m -> to.numbers(m.descriptors());
      case Closing m -> to.numbers(m.descriptors());
      case Accept _, Eject _, Reopen _, Unknown _ -> {}
    }
  }

  static Message read(int type, FrameReader from) {
    return switch (type) {
      case 1 -> new Hello(from.small(), from.number(), from.text());
      case 2 -> new Phase(from.text(), from.number());
      case 3 -> new Ready(from.text());
      case 4 -> new Beat(readVitals(from));
      case 5 -> new RecycleMe(from.text());
      case 6 -> new Draining(from.small(), from.small());
      case 7 -> new Evidence(from.number(), from.flag(), from.text());
      case 8 -> new Failed(from.text(), from.small(), from.text(), from.text());
      case 9 -> new Say(from.text(), from.text());
      case 10 -> new Slow(from.text(), from.number(), from.text());
      case 11 -> new Probed(from.number(), from.small(), from.number(), from.text());
      case 101 -> {
        int nr = from.small();
        int workers = from.small();
        long generation = from.number();
        List<ListenerInfo> listeners = new ArrayList<>();
        for (int left = from.small(); left > 0 && from.more(); left--) {
          listeners.add(new ListenerInfo(from.small(), from.text(), from.flag()));
        }
        yield new Configure(nr, workers, generation, List.copyOf(listeners), from.texts());
      }
      case 102 -> new Accept();
      case 103 -> new Eject();
      case 104 -> new Drain(from.text(), from.number(), from.number());
      case 105 -> new Collect(from.number(), from.text(), from.text());
      case 106 -> new Reopen();
      case 107 -> new Keys(from.text());
      case 108 -> new Stop(from.text());
      case 109 -> new Probe(from.number(), from.text());
      case 110 -> new Queues(from.numbers());
      case 111 -> new Closing(from.numbers());
      default -> new Unknown(type);
    };
  }

  private static void write(Vitals v, FrameWriter to) {
    to.number(v.seq()).numbers(v.loopLagMicros()).number(v.executorLagMicros());
    to.number(v.done()).number(v.inFlight()).number(v.oldestMillis());
    to.number(v.connections()).number(v.accepted());
    to.number(v.heapAfterGc()).number(v.heapMax()).number(v.gcMillis()).number(v.rss());
    to.number(v.bytesIn()).number(v.bytesOut());
    to.numbers(v.statusClasses()).numbers(v.latency()).number(v.dropped());
    to.number(v.heapUsed()).number(v.metaspace()).number(v.direct());
    to.number(v.busyPercent()).number(v.overdue()).number(v.overdueMillis());
  }

  private static Vitals readVitals(FrameReader from) {
    return new Vitals(
        from.number(),
        from.numbers(),
        from.number(),
        from.number(),
        from.small(),
        from.number(),
        from.small(),
        from.number(),
        from.number(),
        from.number(),
        from.number(),
        from.number(),
        from.number(),
        from.number(),
        from.numbers(),
        from.numbers(),
        from.number(),
        from.number(),
        from.number(),
        from.number(),
        from.small(),
        from.small(),
        from.number());
  }
}
