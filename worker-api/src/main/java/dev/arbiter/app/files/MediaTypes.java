package dev.arbiter.app.files;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The media type of a file by its name. The same on every machine, which the system's own is not.
 */
final class MediaTypes {
  private static final String UNKNOWN = "application/octet-stream";

  /** A type, and the endings that have it. */
  private static final String TABLE =
      """
      text/html;charset=utf-8 html htm
      text/css;charset=utf-8 css
      text/javascript;charset=utf-8 js mjs
      text/plain;charset=utf-8 txt text log
      text/markdown;charset=utf-8 md
      text/csv;charset=utf-8 csv
      text/calendar;charset=utf-8 ics
      text/vtt;charset=utf-8 vtt
      application/json json map
      application/ld+json jsonld
      application/manifest+json webmanifest
      application/xml xml xsl
      application/atom+xml atom
      application/rss+xml rss
      application/xhtml+xml xhtml
      application/wasm wasm
      application/pdf pdf
      application/zip zip
      application/gzip gz tgz
      application/x-tar tar
      application/x-bzip2 bz2
      application/zstd zst
      application/x-7z-compressed 7z
      application/java-archive jar
      application/rtf rtf
      application/epub+zip epub
      application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
      application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
      application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
      application/vnd.oasis.opendocument.text odt
      application/vnd.oasis.opendocument.spreadsheet ods
      image/png png
      image/apng apng
      image/jpeg jpg jpeg
      image/gif gif
      image/webp webp
      image/avif avif
      image/svg+xml svg
      image/x-icon ico
      image/bmp bmp
      image/tiff tif tiff
      font/woff woff
      font/woff2 woff2
      font/ttf ttf
      font/otf otf
      audio/mpeg mp3
      audio/ogg ogg oga opus
      audio/wav wav
      audio/flac flac
      audio/mp4 m4a
      video/mp4 mp4 m4v
      video/webm webm
      video/ogg ogv
      video/quicktime mov
      """;

  private static final Map<String, String> BY_ENDING = byEnding();

  private MediaTypes() {}

  private static Map<String, String> byEnding() {
    Map<String, String> types = new HashMap<>();
    TABLE
        .lines()
        .map(line -> line.split(" "))
        .forEach(
            row -> {
              for (int i = 1; i < row.length; i++) {
                types.put(row[i], row[0].replace(";", "; "));
              }
            });
    return Map.copyOf(types);
  }

  static String of(Path file) {
    String name = String.valueOf(file.getFileName());
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return BY_ENDING.getOrDefault(ending, UNKNOWN);
  }
}
