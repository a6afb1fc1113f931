package dev.arbiter.app;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Header fields: an immutable, ordered list of names and values; names compare without case (RFC
 * 9110 section 5.1). Kept as one flat array, because a request has a dozen and is looked up twice.
 */
public final class Headers {
  private static final Headers EMPTY = new Headers(new String[0]);

  private final String[] fields;

  private Headers(String[] fields) {
    this.fields = fields;
  }

  /** {@return no field at all} */
  public static Headers empty() {
    return EMPTY;
  }

  /**
   * {@return fields of names and values in turn: {@code of("content-type", "text/plain")}}
   *
   * @param namesAndValues an even number of texts, copied; checked when they are sent
   * @throws IllegalArgumentException if a value is missing
   */
  public static Headers of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException(
          "A header has no value: " + Arrays.toString(namesAndValues));
    }
    return namesAndValues.length == 0 ? EMPTY : new Headers(namesAndValues.clone());
  }

  /**
   * {@return the value of the first field of this name}
   *
   * @param name in any case
   */
  public Optional<String> first(String name) {
    for (int i = 0; i < fields.length; i += 2) {
      if (fields[i].equalsIgnoreCase(name)) {
        return Optional.of(fields[i + 1]);
      }
    }
    return Optional.empty();
  }

  /**
   * {@return the values of all fields of this name, in order}
   *
   * @param name in any case
   */
  public List<String> all(String name) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < fields.length; i += 2) {
      if (fields[i].equalsIgnoreCase(name)) {
        values.add(fields[i + 1]);
      }
    }
    return values;
  }

  /**
   * {@return whether there is a field of this name}
   *
   * @param name in any case
   */
  public boolean contains(String name) {
    return first(name).isPresent();
  }

  /**
   * {@return these fields and one more, at the end}
   *
   * @param name as it is to be written
   * @param value as it is to be written; checked when it is sent
   */
  public Headers with(String name, String value) {
    String[] more = Arrays.copyOf(fields, fields.length + 2);
    more[fields.length] = name;
    more[fields.length + 1] = value;
    return new Headers(more);
  }

  /**
   * {@return these fields but for all of this name}
   *
   * @param name in any case
   */
  public Headers without(String name) {
    if (!contains(name)) {
      return this;
    }
    List<String> kept = new ArrayList<>();
    for (int i = 0; i < fields.length; i += 2) {
      if (!fields[i].equalsIgnoreCase(name)) {
        kept.add(fields[i]);
        kept.add(fields[i + 1]);
      }
    }
    return new Headers(kept.toArray(String[]::new));
  }

  /** {@return the number of fields} */
  public int size() {
    return fields.length / 2;
  }

  /**
   * {@return the name of field {@code index}, as it was written}
   *
   * @param index from 0, below {@link #size}
   */
  public String name(int index) {
    return fields[2 * index];
  }

  /**
   * {@return the value of field {@code index}}
   *
   * @param index from 0, below {@link #size}
   */
  public String value(int index) {
    return fields[2 * index + 1];
  }

  /**
   * Calls {@code action} with each name and value, in order.
   *
   * @param action given names as they were written
   */
  public void forEach(BiConsumer<? super String, ? super String> action) {
    for (int i = 0; i < fields.length; i += 2) {
      action.accept(fields[i], fields[i + 1]);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Headers headers && Arrays.equals(fields, headers.fields);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(fields);
  }

  @Override
  public String toString() {
    return Arrays.toString(fields);
  }
}
