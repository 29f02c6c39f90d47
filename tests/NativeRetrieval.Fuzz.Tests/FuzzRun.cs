using System.Globalization;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Mutation;

namespace NativeRetrieval.Fuzz.Tests;

/// <summary>
/// A fixed series of mutants of one kind. Each is read or refused by an exception whose message is for the user, comes to an end, and takes
/// memory in proportion to its length; anything else is a failure.
/// </summary>
public sealed class FuzzRun(FuzzKind kind)
{
    const long MostBytes = 96L << 20, MostTimesFile = 64;

    /// <summary>Time after which a reader counts as one that does not end; no good run waits for it.</summary>
    static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    public int Tried { get; private set; }

    public int Accepted { get; private set; }

    public int Refused { get; private set; }

    public List<string> Failures { get; } = [];

    /// <summary>Runs every kind, or those of these names, and writes a table.</summary>
    /// <returns>1 where a mutant failed, or there is no such kind.</returns>
    public static int Report(int mutants, string[] names, TextWriter output)
    {
        var kinds = FuzzKinds.All.Where(kind => names.Length == 0 || names.Contains(kind.Name)).ToList();
        output.WriteLine($"{"kind",-16}{"tried",10}{"accepted",10}{"refused",10}{"failed",10}");
        var failures = new List<string>();
        foreach (var kind in kinds)
        {
            var run = new FuzzRun(kind);
            run.Run(mutants);
            output.WriteLine($"{kind.Name,-16}{run.Tried,10}{run.Accepted,10}{run.Refused,10}{run.Failures.Count,10}");
            failures.AddRange(run.Failures);
        }
        foreach (string failure in failures.Take(20)) output.WriteLine(failure);
        return failures.Count > 0 || kinds.Count == 0 ? 1 : 0;
    }

    public void Run(int mutants)
    {
        using var folder = new TemporaryFolder();
        for (int number = 0; number < mutants; number++)
        {
            string place = folder[number.ToString(CultureInfo.InvariantCulture)];
            var seed = kind.Seeds[number % kind.Seeds.Count];
            byte[] mutant = Mutant(seed.Bytes, new Random(number));
            foreach (var (name, bytes) in seed.Beside) Write(Path.Combine(place, name), bytes);
            string path = Path.Combine(place, seed.Name);
            Write(path, mutant);
            Tried++;
            string? failure = null;
            var reading = Task.Run(() => failure = Check(path, mutant.Length));
            if (!reading.Wait(_patience)) failure = "does not end";
            if (failure is not null) Failures.Add($"{kind.Name} {number} ({seed.Name}): {failure}");
            if (failure == "does not end") return;
            Directory.Delete(place, recursive: true);
        }
    }

    string? Check(string path, int length)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            kind.Read(path);
            Accepted++;
        }
        catch (NativeRetrievalException)
        {
            Refused++;
        }
        catch (Exception error)
        {
            return $"{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")} {error.StackTrace?.Split('\n')[0].Trim()}";
        }
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return bytes <= MostBytes + MostTimesFile * length ? null : $"took {bytes} bytes for a file of {length}";
    }

    byte[] Mutant(byte[] seed, Random random)
    {
        if (random.Next(2) == 0) return ByteMutant.Of(seed, random);
        byte[] other = kind.Pieces.Count > 0 ? Encoding.UTF8.GetBytes(kind.Pieces[random.Next(kind.Pieces.Count)])
            : kind.Seeds[random.Next(kind.Seeds.Count)].Bytes;
        for (int edits = random.Next(1, 4); edits > 0; edits--) seed = ByteEdit.Of(random).Apply(seed, other);
        return seed;
    }

    static void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
