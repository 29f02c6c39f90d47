using System.Text.RegularExpressions;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Training.Tests.Data;

/// <summary>The sentences that stand for captions a model never saw, in <c>benchmarks/esc</c>.</summary>
public partial class EscParaphraseTests
{
    static readonly string[] _functionWords =
        ["a", "an", "the", "of", "and", "at", "in", "with", "from", "to", "her", "his", "for", "you", "via", "before", "on", "past",
            "along"];

    static readonly string _path = Path.Combine(Fixtures.RepositoryRoot, "benchmarks", "esc", "paraphrases.csv");

    [Fact]
    public void Every_kind_of_sound_has_one_sentence()
    {
        Assert.Equal(133, Captions(_path).Count());
        Assert.Equal(50, Captions(_path).Distinct().Count());
    }

    [Fact]
    public void No_sentence_shares_a_content_word_with_the_captions_trained_on()
    {
        string training = Path.Combine("data", "esc", "train.csv");
        if (Fixtures.Shared(training) is not { } path) Assert.Skip(Fixtures.WhyAbsent(training));
        else
        {
            var known = Captions(path).SelectMany(Words).Select(Stem).ToHashSet();
            var shared = Captions(_path).SelectMany(Words).Except(_functionWords).Where(word => known.Contains(Stem(word))).Distinct();
            Assert.Empty(shared);
        }
    }

    /// <summary>The text of every row behind the file name; the sounds themselves need not be here.</summary>
    static IEnumerable<string> Captions(string csv) => File.ReadLines(csv).Skip(1).Select(line => line[(line.IndexOf(',') + 1)..]);

    static IEnumerable<string> Words(string caption) => Word().Matches(caption.ToLowerInvariant()).Select(match => match.Value);

    static string Stem(string word) => Ending().Replace(word, "");

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Word();

    [GeneratedRegex("(?<=...)(ings?|ed|es|s|e|y|ly)$")]
    private static partial Regex Ending();
}
