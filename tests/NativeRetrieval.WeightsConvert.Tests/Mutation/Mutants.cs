using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using NativeRetrieval.TestSupport.Mutation;

namespace NativeRetrieval.WeightsConvert.Tests.Mutation;

/// <summary>Runs a fixed series of mutants.</summary>
static class Mutants
{
    const ulong Seed = 20220707, Gamma = 0x9E3779B97F4A7C15;

    static readonly Gen<ByteEdit[]> _edits =
        (from kind in Gen.Choose(0, (int)ByteEdit.Kinds.Truncate)
         from position in Gen.Choose(0, int.MaxValue - 1)
         from length in Gen.Choose(1, 24)
         from value in Gen.Choose(0, int.MaxValue - 1)
         select new ByteEdit((ByteEdit.Kinds)kind, position, length, value)).ArrayOf(2).SelectMany(pair =>
             Gen.Choose(1, 2).Select(count => pair[..count]));

    /// <param name="mutant">Makes a mutant of one of <paramref name="sources"/>, another to take pieces from, edits and a number for
    /// further choices.</param>
    public static void Run(string extension, IReadOnlyList<string> sources, int count, Func<byte[], byte[], ByteEdit[], int, byte[]> mutant)
    {
        // Most of the committed files are bad already: the good ones come more often.
        sources = [.. sources, .. Enumerable.Repeat(sources.Where(path => path.Contains("good", StringComparison.Ordinal)), 4)
            .SelectMany(good => good)];
        var originals = sources.Select(File.ReadAllBytes).ToArray();
        using var survival = new Survival(extension);
        var cases = from source in Gen.Choose(0, sources.Count - 1)
                    from edits in _edits
                    from choice in Gen.Choose(0, int.MaxValue - 1)
                    select (source, edits, choice);
        var replay = FSharpOption<Replay>.Some(new Replay(new Rnd(Seed, Gamma), FSharpOption<int>.None));
        Prop.ForAll(cases.ToArbitrary(), item =>
            survival.Check(mutant(originals[item.source], originals[item.choice % originals.Length], item.edits, item.choice),
                $"{Path.GetFileName(sources[item.source])} with {string.Join(", ", item.edits)} and {item.choice}"))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(replay));
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}: {count} mutants of {sources.Distinct().Count()} files, "
            + $"{survival.Opened} read, {survival.Refused} refused");
        Assert.Equal(count, survival.Opened + survival.Refused);
        // Both kinds of end are met, or the series tests nothing.
        Assert.True(survival.Opened > 0 && survival.Refused > count / 10);
    }
}
