using System.Text.RegularExpressions;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Training.Tests.Data;

/// <summary>The sentences that stand for captions a model never saw, in <c>benchmarks/esc</c>.</summary>
public partial class EscParaphraseTests
{
    static readonly string[] _functionWords =
        ["a", "an", "the", "of", "and", "at", "in", "with", "from", "to", "her", "his", "for", "you", "via", "before", "on", "past",
            "along"];

    /// <summary>Sentences for the test clips, one for each kind of sound: looked at once a recipe stands.</summary>
    const string Final = "paraphrases.csv";

    /// <summary>Sentences for the clips trained on, two for each kind: recipes are chosen by them, on folds.</summary>
    const string Choosing = "paraphrases-training.csv";

    [Theory]
    [InlineData(Final, 133, 50, 1)]
    [InlineData(Choosing, 406, 49, 2)] // no washing machine is trained on
    public void Every_kind_of_sound_has_its_sentences(string list, int clips, int kinds, int sentences)
    {
        Assert.Equal(clips, Captions(list).Count());
        Assert.Equal(kinds, Captions(list).Distinct().Count());
        Assert.All(Captions(list), captions => Assert.Equal(sentences, Column().Count(captions)));
    }

    [Fact]
    public void Sentences_for_choosing_share_no_content_word_with_the_final_ones() =>
        Assert.Empty(Shared(Captions(Choosing), Captions(Final)));

    [Theory]
    [InlineData(Final)]
    [InlineData(Choosing)]
    public void No_sentence_shares_a_content_word_with_the_captions_trained_on(string list)
    {
        string training = Path.Combine("data", "esc", "train.csv");
        if (Fixtures.Shared(training) is not { } path) Assert.Skip(Fixtures.WhyAbsent(training));
        else Assert.Empty(Shared(Captions(list), Captions(path)));
    }

    static IEnumerable<string> Shared(IEnumerable<string> captions, IEnumerable<string> others)
    {
        var known = others.SelectMany(Words).Except(_functionWords).Select(Stem).ToHashSet();
        return captions.SelectMany(Words).Except(_functionWords).Where(word => known.Contains(Stem(word))).Distinct();
    }

    /// <summary>The text of every row behind the file name; the sounds themselves need not be here.</summary>
    static IEnumerable<string> Captions(string csv) => File
        .ReadLines(Path.IsPathRooted(csv) ? csv : Path.Combine(Fixtures.RepositoryRoot, "benchmarks", "esc", csv))
        .Skip(1).Select(line => line[(line.IndexOf(',') + 1)..]);

    static IEnumerable<string> Words(string caption) => Word().Matches(caption.ToLowerInvariant()).Select(match => match.Value);

    static string Stem(string word) => Ending().Replace(word, "");

    /// <summary>A quoted or a bare field.</summary>
    [GeneratedRegex("\"[^\"]*\"|[^,]+")]
    private static partial Regex Column();

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Word();

    [GeneratedRegex("(?<=...)(ings?|ed|es|s|e|y|ly)$")]
    private static partial Regex Ending();
}
