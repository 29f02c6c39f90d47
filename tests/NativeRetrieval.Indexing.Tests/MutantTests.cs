using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>
/// Any change to any file of an index gives the right answers or an error of an index that is damaged; and an index that was brought up to
/// date without an error is whole.
/// </summary>
public sealed class MutantTests : IDisposable
{
    const int Files = 40, Mutants = 400;

    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    public MutantTests()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings, orOpen: false, DiskIo.Shared, maxSegmentRows: 30);
        for (int i = 0; i < Files; i += 10)
            index.UpsertAsync([.. Enumerable.Range(i, 10).Select(n => Samples.Entry(n, windows: 1 + n % 3))]).GetAwaiter().GetResult();
        index.DeleteAsync([Samples.PathOf(4), Samples.PathOf(33)]).GetAwaiter().GetResult();
    }

    public void Dispose() => _temporary.Dispose();

    string Mutated(int seed, out string what)
    {
        var random = new Random(seed);
        string copy = _temporary["copy.nrx"];
        if (Directory.Exists(copy)) Directory.Delete(copy, recursive: true);
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(Folder)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));

        string[] names = ["catalogue.db", "catalogue.db", "vectors-000001.nrs", "vectors-000002.nrs", "vectors-000003.nrs",
            "catalogue.receipt"];
        string name = names[random.Next(names.Length)], path = Path.Combine(copy, name);
        byte[] bytes = File.ReadAllBytes(path);
        int at = random.Next(bytes.Length), length = Math.Min(bytes.Length - at, 1 << random.Next(13));
        int kind = random.Next(8);
        switch (kind)
        {
            case 0: bytes[at] = (byte)random.Next(256); break;
            case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 2: bytes.AsSpan(at, length).Clear(); break;
            case 3: random.NextBytes(bytes.AsSpan(at, length)); break;
            case 4: bytes.AsSpan(at, length).CopyTo(bytes.AsSpan(random.Next(bytes.Length - length + 1))); break;
            case 5: bytes = bytes[..at]; break;
            case 6: bytes = [.. bytes[..at], .. bytes.AsSpan(Math.Min(bytes.Length, at + length))]; break;
            default: bytes = [.. bytes, .. new byte[length]]; break;
        }
        what = $"seed {seed}: {name}, kind {kind}, {length} bytes at {at}";
        File.WriteAllBytes(path, bytes);
        return copy;
    }

    static async Task<string> Answers(string folder)
    {
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        string answers = await Script.Answers(index);
        for (int part = 0; part < 3; part++)
            answers += string.Join("\n", (await index.SearchAsync(Samples.Vector(9), new() { Top = 99, PathFilter = $"sounds/{part}/*" }))
                .Select(hit => hit with { RowId = 0 }));
        return answers + string.Join("\n", index.Files().OrderBy(file => file.FullPath));
    }

    [Fact]
    public async Task A_search_gives_the_right_answers_or_an_error()
    {
        string expected = await Answers(Folder);
        int refused = 0;
        for (int seed = 0; seed < Mutants; seed++)
        {
            string copy = Mutated(seed, out string what);
            string? found = null;
            try
            {
                found = await Answers(copy);
            }
            catch (IndexCorruptException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"{what}: {e}");
            }
            Assert.True(found is null || found == expected, $"{what}: other answers and no error");
        }
        Assert.InRange(refused, Mutants / 3, Mutants);
    }

    [Fact]
    public async Task An_update_makes_the_index_whole_or_is_an_error()
    {
        string expected = await Answers(Folder);
        int refused = 0;
        for (int seed = 0; seed < Mutants; seed++)
        {
            string copy = Mutated(seed, out string what);
            try
            {
                using (var index = LocalAudioIndex.EnsureCollectionExists(copy, Samples.Settings, repair: true))
                {
                    var damage = await index.FindDamageAsync(TestContext.Current.CancellationToken);
                    var known = index.Files().Select(file => file.FullPath).Except(damage.Files.Select(file => file.FullPath)).ToHashSet();
                    var missing = Enumerable.Range(0, Files).Where(i => i is not (4 or 33) && !known.Contains(Samples.PathOf(i)));
                    await index.UpsertAsync([.. missing.Select(n => Samples.Entry(n, windows: 1 + n % 3))],
                        TestContext.Current.CancellationToken);
                    if (!damage.IsNone) await index.FinishRepairAsync(TestContext.Current.CancellationToken);
                    var verification = index.Verify();
                    Assert.True(verification.IsIntact, $"{what}: {string.Join("; ", verification.Problems)}");
                }
            }
            catch (IndexCorruptException)
            {
                refused++;
                continue;
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{what}: {e}");
            }
            Assert.True(Sorted(expected) == Sorted(await Answers(copy)), $"{what}: other answers after an update without an error");
        }
        Assert.InRange(refused, 1, Mutants / 2);
    }

    /// <summary>Equal scores rank by row, and rows that were written anew lie elsewhere.</summary>
    static string Sorted(string answers) => string.Join("\n", answers.Split('\n').Order());
}
