package dev.arbiter.netty;

import dev.arbiter.http.IncomingHead;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map.Entry;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where Netty's decoder puts the fields it reads: straight into the head that judges them, instead
 * of into a hash table that would be copied. Answers what the decoder asks to find a body's
 * framing, and nothing else. One per request, on its loop.
 */
final class FieldList extends HttpHeaders {

  /** Ends the reading of a head that is refused already. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refused() {
      super("refused", null, false, false);
    }
  }

  private final IncomingHead head;

  FieldList(IncomingHead head) {
    this.head = head;
  }

  IncomingHead head() {
    return head;
  }

  @Override
  public HttpHeaders add(String name, Object value) {
    if (!head.field(name, withoutBlanks((String) value))) {
      throw new Refused();
    }
    return this;
  }

  /**
   * Where a folded field begins with its fold, the decoder leaves a blank in front of the value.
   */
  private static String withoutBlanks(String value) {
    int from = 0;
    while (from < value.length() && (value.charAt(from) == ' ' || value.charAt(from) == '\t')) {
      from++;
    }
    return value.substring(from);
  }

  @Override
  @SuppressWarnings("NullAway") // null is this method's way to say that there is none
  public @Nullable String get(String name) {
    for (int i = 0; i < head.size(); i++) {
      if (head.name(i).equalsIgnoreCase(name)) {
        return head.value(i);
      }
    }
    return null;
  }

  @Override
  public List<String> getAll(String name) {
    List<String> values = List.of();
    for (int i = 0; i < head.size(); i++) {
      if (head.name(i).equalsIgnoreCase(name)) {
        values = new ArrayList<>(values);
        values.add(head.value(i));
      }
    }
    return values;
  }

  @Override
  public boolean contains(String name) {
    return get(name) != null;
  }

  @Override
  public boolean isEmpty() {
    return head.size() == 0;
  }

  @Override
  public int size() {
    return head.size();
  }

  /** The decoder writes a length like 007 anew; the head has it as a number already. */
  @Override
  public HttpHeaders set(String name, Object value) {
    return this;
  }

  private static UnsupportedOperationException never() {
    return new UnsupportedOperationException("Only the request decoder uses this.");
  }

  @Override
  public Integer getInt(CharSequence name) {
    throw never();
  }

  @Override
  public int getInt(CharSequence name, int defaultValue) {
    throw never();
  }

  @Override
  public Short getShort(CharSequence name) {
    throw never();
  }

  @Override
  public short getShort(CharSequence name, short defaultValue) {
    throw never();
  }

  @Override
  public Long getTimeMillis(CharSequence name) {
    throw never();
  }

  @Override
  public long getTimeMillis(CharSequence name, long defaultValue) {
    throw never();
  }

  @Override
  public List<Entry<String, String>> entries() {
    throw never();
  }

  @Override
  @Deprecated
  public Iterator<Entry<String, String>> iterator() {
    throw never();
  }

  @Override
  public Iterator<Entry<CharSequence, CharSequence>> iteratorCharSequence() {
    throw never();
  }

  @Override
  public Set<String> names() {
    throw never();
  }

  @Override
  public HttpHeaders add(String name, Iterable<?> values) {
    throw never();
  }

  @Override
  public HttpHeaders addInt(CharSequence name, int value) {
    throw never();
  }

  @Override
  public HttpHeaders addShort(CharSequence name, short value) {
    throw never();
  }

  @Override
  public HttpHeaders set(String name, Iterable<?> values) {
    throw never();
  }

  @Override
  public HttpHeaders setInt(CharSequence name, int value) {
    throw never();
  }

  @Override
  public HttpHeaders setShort(CharSequence name, short value) {
    throw never();
  }

  @Override
  public HttpHeaders remove(String name) {
    throw never();
  }

  @Override
  public HttpHeaders clear() {
    throw never();
  }
}
