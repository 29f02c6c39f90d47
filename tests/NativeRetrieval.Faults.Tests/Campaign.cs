using NativeRetrieval.Cli;
using NativeRetrieval.Faults.Tests.Injection;
using NativeRetrieval.Faults.Tests.Scenarios;

namespace NativeRetrieval.Faults.Tests;

/// <summary>
/// All failures of one command: first each operation that changes the disk fails in each way, then the process, or the power, ends before
/// each of them. After each the state is whole, and a repeated run ends like one that nothing disturbed.
/// </summary>
/// <param name="stride">Of so many numbers one is tried; 1: all.</param>
sealed class Campaign(Scenario scenario, string area, int stride, TextWriter output)
{
    readonly string _before = Path.Combine(area, "before"), _log = Path.Combine(area, "operations.log");
    readonly List<Operation> _operations = [];
    readonly List<FaultKind> _kinds = [];
    readonly HashSet<int> _amid = [];
    IReadOnlyList<string> _seenBefore = [], _seenAfter = [], _result = [];

    public int Tried { get; private set; }

    public int Failed { get; private set; }

    public async Task RunAsync()
    {
        await RecordAsync();
        await FailAsync();
        await EndAsync();
    }

    /// <summary>The undisturbed run.</summary>
    async Task RecordAsync()
    {
        await scenario.PrepareAsync();
        _seenBefore = await scenario.SeenAsync();
        Copy(scenario.Work, _before);
        FaultLibrary.Watch(scenario.Work);
        FaultLibrary.Log(_log);
        var run = await scenario.RunAsync();
        for (int number = 1; number <= FaultLibrary.Count; number++) _kinds.Add(FaultLibrary.Kind(number));
        FaultLibrary.Log(null);
        FaultLibrary.Watch(null);
        if (run.ExitCode != ExitCode.Ok) throw new InvalidOperationException($"undisturbed, it fails: {run.Error}");
        _operations.AddRange(Operation.ReadLog(_log));
        if (stride > 1) _amid.UnionWith(Amid());
        var model = After(_operations.Count);
        // SQLite's index of its log is shared memory: written past every call, and made anew by the first to open the database.
        string[] unseen = [.. model.Differences(scenario.Work).Where(path => !path.EndsWith("-shm", StringComparison.Ordinal))];
        if (unseen.Length > 0) throw new InvalidOperationException($"changes of these were not seen: {string.Join(", ", unseen)}");
        if (Environment.GetEnvironmentVariable("NATIVERETRIEVAL_FAULTS_LOG") is not null) _operations.ForEach(output.WriteLine);
        _seenAfter = await scenario.SeenAsync();
        _result = await scenario.ResultAsync();
        if (_seenAfter.SequenceEqual(_seenBefore) && _operations.Count < 4) throw new InvalidOperationException("it changes nothing");
        output.WriteLine($"{_kinds.Count} operations, {_operations.Count(change => change.Type != 'F')} of them changes");
    }

    /// <summary>Writes between two writes of the same file, which are alike: where not all are tried, these are left out.</summary>
    IEnumerable<int> Amid() => _operations.Skip(1).SkipLast(1)
        .Where((write, i) => write.Type == 'W' && new[] { _operations[i], _operations[i + 2] }.All(other => other.Type == 'W'
            && other.Path == write.Path)).Select(write => write.Number);

    async Task FailAsync()
    {
        for (int number = 1; number <= _kinds.Count; number++)
            foreach (var mode in Modes(_kinds[number - 1]))
                if ((number + (int)mode) % stride == 0 && !_amid.Contains(number)) await FailAsync(number, mode);
    }

    static FaultMode[] Modes(FaultKind kind) => kind switch
    {
        FaultKind.Write => [FaultMode.Once, FaultMode.Full, FaultMode.Dead, FaultMode.Short],
        FaultKind.TakesSpace => [FaultMode.Once, FaultMode.Full, FaultMode.Dead],
        _ => [FaultMode.Once, FaultMode.Dead],
    };

    async Task FailAsync(int number, FaultMode mode)
    {
        Copy(_before, scenario.Work);
        FaultLibrary.Watch(scenario.Work);
        FaultLibrary.Arm(number, mode);
        CommandRun run;
        string hit;
        try
        {
            run = await scenario.RunAsync();
        }
        finally
        {
            hit = FaultLibrary.FirstHit;
            FaultLibrary.Watch(null);
        }
        LeaveToAnother(scenario.Work);
        string what = $"operation {number} ({hit}), {mode}";
        if (hit.Length == 0)
        {
            output.WriteLine($"not reached: operation {number}, {mode}");
            return;
        }
        await TryAsync(what, async () =>
        {
            if (run.ExitCode == ExitCode.Ok)
                await ExpectAsync(scenario.SeenAsync, _seenAfter, "it ended with 0, but not like one undisturbed");
            else if (MessageProblem(run) is { } problem) throw new InvalidOperationException($"{problem}: {run.Error}");
        });
    }

    /// <summary>One message with the code for failures, about a path of the user's, and not about this program's own insides.</summary>
    string? MessageProblem(CommandRun run) =>
        run.ExitCode != ExitCode.Failure ? $"exit code {run.ExitCode}"
        : run.Error.Contains("internal error", StringComparison.Ordinal) ? "an internal error"
        : run.Error.Split('\n').Count(line => line.StartsWith("error: ", StringComparison.Ordinal)) != 1 ? "not one message"
        : !run.Error.Contains(scenario.Work, StringComparison.Ordinal) ? "a message without a path"
        : null;

    /// <summary>The ends, each state of the disk once.</summary>
    async Task EndAsync()
    {
        var done = new HashSet<string>();
        var disk = new ModelDisk(_before, scenario.Work);
        for (int i = 0; i <= _operations.Count; i++)
        {
            string moment = i < _operations.Count ? $"before {_operations[i]}" : "at the end";
            bool amid = i < _operations.Count && _amid.Contains(_operations[i].Number);
            foreach (var survivors in Enum.GetValues<Survivors>())
                if (!amid && (i + (int)survivors) % stride == 0 && done.Add(disk.Digest(survivors)))
                    await EndAsync(disk, survivors, $"ended {moment}, {survivors} left");
            if (i == _operations.Count) break;
            if (_operations[i].Type == 'W' && !amid && i % stride == 0)
            {
                var torn = After(i);
                torn.Apply(_operations[i], half: true);
                if (done.Add(torn.Digest(Survivors.Everything))) await EndAsync(torn, Survivors.Everything, $"ended amid {_operations[i]}");
            }
            disk.Apply(_operations[i]);
        }
    }

    /// <summary>The disk after the first operations.</summary>
    ModelDisk After(int operations)
    {
        var disk = new ModelDisk(_before, scenario.Work);
        foreach (var operation in _operations[..operations]) disk.Apply(operation);
        return disk;
    }

    async Task EndAsync(ModelDisk disk, Survivors survivors, string what)
    {
        disk.Write(scenario.Work, survivors);
        LeaveToAnother(scenario.Work);
        await TryAsync(what, () => Task.CompletedTask);
    }

    async Task TryAsync(string what, Func<Task> first)
    {
        Tried++;
        try
        {
            await first();
            var seen = await scenario.SeenAsync();
            if (!scenario.IsWhole(seen, _seenBefore, _seenAfter))
                throw new InvalidOperationException($"neither the old state nor the new one: {string.Join(" | ", seen)}");
            var again = await scenario.RunAgainAsync();
            if (again.ExitCode != ExitCode.Ok) throw new InvalidOperationException($"repeated: exit code {again.ExitCode}: {again.Error}");
            await ExpectAsync(scenario.ResultAsync, _result, "repeated, it ends otherwise than one undisturbed");
        }
        catch (Exception e)
        {
            Failed++;
            output.WriteLine($"FAILED {what}: {(e is InvalidOperationException ? e.Message : e)}");
        }
    }

    static async Task ExpectAsync(Func<Task<IReadOnlyList<string>>> actual, IReadOnlyList<string> expected, string problem)
    {
        var lines = await actual();
        if (lines.SequenceEqual(expected)) return;
        throw new InvalidOperationException($"{problem}: it has {string.Join(" | ", Less(lines, expected))}; "
            + $"expected {string.Join(" | ", Less(expected, lines))}");

        static IEnumerable<string> Less(IReadOnlyList<string> these, IReadOnlyList<string> those)
        {
            var rest = these.ToList();
            foreach (string line in those) rest.Remove(line);
            return rest;
        }
    }

    /// <summary>Renames what has the number of this process in its name: the run after it will be another process.</summary>
    static void LeaveToAnother(string folder)
    {
        const int noProcess = 1 << 22;
        foreach (string path in Directory.GetFileSystemEntries(folder))
        {
            if (Directory.Exists(path)) LeaveToAnother(path);
            string name = Path.GetFileName(path), other = name.Replace($".{Environment.ProcessId}", $".{noProcess}");
            if (other != name) Directory.Move(path, Path.Combine(folder, other));
        }
    }

    static void Copy(string from, string to)
    {
        if (Directory.Exists(to)) Directory.Delete(to, recursive: true);
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.GetDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (string file in Directory.GetFiles(from))
            File.WriteAllBytes(Path.Combine(to, Path.GetFileName(file)), File.ReadAllBytes(file));
    }
}
