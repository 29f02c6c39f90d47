using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Settings;

/// <summary>Settings files that are meant to break the reader: each is read, or refused with file, line and the way out.</summary>
public sealed class HostileSettingsTests : IDisposable
{
    const long MostBytes = 64 << 20;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, int> Texts { get; } = new()
    {
        { "nested lists", new string('[', 100_000), 1 },
        { "nested lists of lines", string.Concat(Enumerable.Repeat("- ", 100_000)), 1 },
        { "nested mappings", string.Concat(Enumerable.Repeat("{a: ", 100_000)), 1 },
        { "nested keys", "training:\n  lr:\n    deeper: 1\n", 3 },
        { "nested in a list", "model:\n  audio_channels: [[1]]\n", 2 },
        { "question marks", string.Concat(Enumerable.Repeat("? ", 100_000)), 1 },
        { "a key that is none", " : e", 1 },
        { "a key that is a list", "[a, b]: 1\n", 1 },
        { "billion laughs", "a: &a [x]\nb: &b [*a, *a]\n", 1 },
        { "alias", "training:\n  lr: *a\n", 2 },
        { "alias of the whole", "&a [*a]", 1 },
        { "tag", "training:\n  lr: !!python/object 1\n", 2 },
        { "the same key", "training:\n  lr: 1e-4\n  lr: 1e-3\n", 3 },
        { "the same section", "training:\n  lr: 1e-4\ntraining:\n  epochs: 2\n", 3 },
        { "two documents", "training:\n  lr: 1e-4\n---\ntraining:\n  lr: 1e-3\n", 3 },
        { "a tab", "training:\n\tlr: 1e-4\n", 1 }, // the library names the line that the tab follows
        { "a long text", $"training:\n  lr: {new string('9', 1 << 19)}\n", 2 },
        { "an open quote", "training:\n  optimizer: \"adam\n", 2 },
        { "an escape that is none", "training:\n  optimizer: \"\\q\"\n", 2 },
        { "an escape that ends", "a: \"\\x", 1 },
        { "a directive", "%YAML 9.9\n---\na: 1\n", 1 },
        { "a list", "- a\n- b\n", 1 },
        { "a word", "settings", 1 },
        { "NaN", "training:\n  lr: .nan\n", 2 },
        { "infinity", "training:\n  lr: Infinity\n", 2 },
        { "far too large", "training:\n  epochs: 1e308\n", 2 },
        { "a lone surrogate", "training:\n  optimizer: \"\\ud800\"\n", 2 },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Every_trick_is_refused_with_its_line(string trick, string text, int line)
    {
        _ = trick;
        string path = _folder["s.yaml"];
        File.WriteAllText(path, text);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<OptionException>(() => SettingsLoader.ReadRun(path)).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        Assert.StartsWith($"{path} line {line}: ", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 40, 6000);
    }

    [Fact]
    public void Bytes_that_are_no_page_of_text_are_refused()
    {
        Refused("NUL", "training:\n  lr: 1\0\n"u8, "line 2, byte 17: a NUL character");
        Refused("UTF-8", [.. "training:\n# "u8, 0xC3, 0x28], "line 2, byte 12: not UTF-8");
        Refused("UTF-16", Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("training:")).ToArray(), "save it as UTF-8");
        using (var large = new FileStream(_folder["large.yaml"], FileMode.CreateNew)) large.SetLength(1 << 30);
        RefusedFile(_folder["large.yaml"], "1,073,741,824 bytes; such a file has at most 1,048,576");

        void Refused(string name, ReadOnlySpan<byte> bytes, string problem)
        {
            File.WriteAllBytes(_folder[$"{name}.yaml"], bytes.ToArray());
            RefusedFile(_folder[$"{name}.yaml"], problem);
        }

        static void RefusedFile(string path, string problem)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            string message = Assert.Throws<OptionException>(() => SettingsLoader.ReadRun(path)).Message;
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
            Assert.StartsWith($"{path}: ", message, StringComparison.Ordinal);
            Assert.Contains(problem, message);
        }
    }

    [Fact]
    public void Pipes_and_devices_are_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the test needs named pipes and /dev/zero");
        NamedPipe.Create(_folder["pipe.yaml"]);
        File.CreateSymbolicLink(_folder["zero.yaml"], "/dev/zero");
        Assert.Contains("it is a named pipe", Refusal("pipe.yaml"));
        Assert.Contains("it is a device", Refusal("zero.yaml"));

        string Refusal(string name) => Assert.Throws<FileReadException>(() => SettingsLoader.ReadRun(_folder[name])).Message;
    }

    [Fact]
    public void A_byte_order_mark_and_Windows_lines_are_read()
    {
        File.WriteAllBytes(_folder["s.yaml"], [0xEF, 0xBB, 0xBF, .. "# mine\r\ntraining:\r\n  lr: 0.5\r\n"u8]);
        Assert.Equal(0.5, SettingsLoader.ReadRun(_folder["s.yaml"]).Training.LearningRate);
    }

    /// <summary>Nine thousand mutants of a whole settings file, the same in every run.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_mutant_of_a_settings_file_escapes_as_another_error(int seed)
    {
        const int mutants = 3_000;
        string[] tokens = ["[", "]", "{", "}", ":", ": ", " : e", "-", "- ", "? ", "&a ", "*a", "!!x ", "|", ">", "'", "\"", "#", "%", "@",
            "`", "\t", "\n", "\r", "\u0085", "\uFEFF", "---\n", "...\n", "\\", ",", "\ud800", "1e999", "\u2028", "<<: ", "|2-\n",
            ">9\n", "  "];
        string whole = SettingsWriter.ToYaml(new TrainingSettings());
        var random = new Random(seed);
        int refused = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < mutants; i++)
        {
            var text = new StringBuilder(whole[..random.Next(whole.Length)]);
            for (int edits = random.Next(1, 5); edits > 0; edits--)
            {
                int at = random.Next(text.Length + 1);
                if (random.Next(3) == 0) text.Remove(at, random.Next(Math.Min(40, text.Length - at + 1)));
                else text.Insert(at, string.Concat(Enumerable.Repeat(tokens[random.Next(tokens.Length)], random.Next(1, 4))));
            }
            try
            {
                SettingsLoader.Parse(text.ToString(), "mutant");
            }
            catch (OptionException error)
            {
                refused++;
                Assert.StartsWith("mutant line ", error.Message, StringComparison.Ordinal);
            }
        }
        Assert.InRange(refused, mutants / 10, mutants);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / mutants, 0, 2 << 20);
    }
}
