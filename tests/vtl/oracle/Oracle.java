import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.runtime.RuntimeInstance;

/**
 * Renders templates on the real Apache Velocity 1.7, whose answers ours are compared with.
 *
 * The first argument is a file with the context, a JSON object. Standard input has one template per line, as a JSON string;
 * standard output gets one JSON object per line: {"expect": text}, {"expect_return": value} or {"expect_error": message}.
 */
public final class Oracle {
    /** What `#return` ends a template with. */
    static final class Returned extends Error {
        final transient Object value;

        Returned(Object value) {
            super(null, null, false, false);
            this.value = value;
        }
    }

    public static void main(String[] arguments) throws Exception {
        String context = Files.readString(Path.of(arguments[0]));
        PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, "UTF-8");
        System.setOut(System.err); // Nothing that a template prints may look like an answer.
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        RuntimeInstance shared = engine();
        for (String line; (line = in.readLine()) != null; ) {
            String template = (String) new Json(line).read();
            // A macro stays in its engine for good.
            RuntimeInstance engine = template.contains("macro") ? engine() : shared;
            out.println(Json.write(render(engine, context, template)));
            out.flush();
        }
    }

    static RuntimeInstance engine() {
        RuntimeInstance engine = new RuntimeInstance();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("userdirective", "ReturnDirective");
        engine.setProperty("velocimacro.library", "");
        engine.init();
        return engine;
    }

    static Map<String, Object> render(RuntimeInstance engine, String context, String template) {
        VelocityContext variables = new VelocityContext();
        Object values = new Json(context).read();
        ((Map<?, ?>) values).forEach((key, value) -> variables.put((String) key, value));
        Util util = new Util();
        variables.put("util", util);
        Map<String, Object> answer = new LinkedHashMap<>();
        try {
            StringWriter writer = new StringWriter();
            engine.evaluate(variables, writer, "velocity", template);
            answer.put("expect", writer.toString());
        } catch (Returned returned) {
            answer.put("expect_return", returned.value);
        } catch (Throwable error) {
            Throwable cause = error;
            if (error instanceof org.apache.velocity.exception.VelocityException velocity && velocity.getWrappedThrowable() != null
                    && !(error instanceof org.apache.velocity.exception.MethodInvocationException)) {
                cause = velocity;
            }
            String message = String.valueOf(cause.getMessage());
            answer.put("expect_error", cause.getClass().getSimpleName() + ": " + message);
        }
        return answer;
    }

    /** The functions that the generated templates call. */
    public static final class Util {
        public String qr(Object value) {
            return "";
        }

        public String quiet(Object value) {
            return "";
        }

        public boolean isNull(Object value) {
            return value == null;
        }

        public Object defaultIfNull(Object value, Object otherwise) {
            return value == null ? otherwise : value;
        }

        public String toJson(Object value) {
            return Json.write(value);
        }

        public String typeName(Object value) {
            return value == null ? "null" : value.getClass().getName();
        }
    }

    /** Enough JSON for contexts and answers: whole numbers are Integer, Long or BigInteger, others Double. */
    static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object read() {
            blanks();
            char first = text.charAt(at);
            if (first == '{') {
                Map<String, Object> map = new LinkedHashMap<>();
                at++;
                blanks();
                while (text.charAt(at) != '}') {
                    String key = (String) read();
                    blanks();
                    at++; // the colon
                    map.put(key, read());
                    blanks();
                    if (text.charAt(at) == ',') at++;
                    blanks();
                }
                at++;
                return map;
            }
            if (first == '[') {
                List<Object> list = new ArrayList<>();
                at++;
                blanks();
                while (text.charAt(at) != ']') {
                    list.add(read());
                    blanks();
                    if (text.charAt(at) == ',') at++;
                    blanks();
                }
                at++;
                return list;
            }
            if (first == '"') return string();
            int start = at;
            while (at < text.length() && ",]} \n\r\t".indexOf(text.charAt(at)) < 0) at++;
            String word = text.substring(start, at);
            switch (word) {
                case "null": return null;
                case "true": return true;
                case "false": return false;
                default:
            }
            if (word.matches("-?\\d+")) {
                java.math.BigInteger whole = new java.math.BigInteger(word);
                if (whole.bitLength() < 32) return whole.intValue();
                return whole.bitLength() < 64 ? (Object) whole.longValue() : whole;
            }
            return Double.valueOf(word);
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char c = text.charAt(at);
                if (c != '\\') {
                    out.append(c);
                    continue;
                }
                c = text.charAt(++at);
                switch (c) {
                    case 'n': out.append('\n'); break;
                    case 't': out.append('\t'); break;
                    case 'r': out.append('\r'); break;
                    case 'b': out.append('\b'); break;
                    case 'f': out.append('\f'); break;
                    case 'u':
                        out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                        at += 4;
                        break;
                    default: out.append(c);
                }
            }
            at++;
            return out.toString();
        }

        private void blanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
        }

        static String write(Object value) {
            StringBuilder out = new StringBuilder();
            write(value, out);
            return out.toString();
        }

        private static void write(Object value, StringBuilder out) {
            if (value == null || value instanceof Number || value instanceof Boolean) {
                out.append(value);
            } else if (value instanceof Map<?, ?> map) {
                out.append('{');
                boolean first = true;
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    if (!first) out.append(',');
                    first = false;
                    quote(String.valueOf(entry.getKey()), out);
                    out.append(':');
                    write(entry.getValue(), out);
                }
                out.append('}');
            } else if (value instanceof Map.Entry<?, ?> entry) {
                out.append('{');
                quote(String.valueOf(entry.getKey()), out);
                out.append(':');
                write(entry.getValue(), out);
                out.append('}');
            } else if (value instanceof Iterable<?> items) {
                out.append('[');
                boolean first = true;
                for (Object item : items) {
                    if (!first) out.append(',');
                    first = false;
                    write(item, out);
                }
                out.append(']');
            } else if (value instanceof Object[] items) {
                write(java.util.Arrays.asList(items), out);
            } else {
                quote(value.toString(), out);
            }
        }

        private static void quote(String text, StringBuilder out) {
            out.append('"');
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                switch (c) {
                    case '"': out.append("\\\""); break;
                    case '\\': out.append("\\\\"); break;
                    case '\n': out.append("\\n"); break;
                    case '\r': out.append("\\r"); break;
                    case '\t': out.append("\\t"); break;
                    case '\b': out.append("\\b"); break;
                    case '\f': out.append("\\f"); break;
                    default:
                        if (c < ' ') out.append(String.format("\\u%04X", (int) c));
                        else out.append(c);
                }
            }
            out.append('"');
        }
    }
}
