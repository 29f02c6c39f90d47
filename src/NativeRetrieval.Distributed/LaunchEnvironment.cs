using System.Globalization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Distributed;

/// <summary>
/// The variables by which launchers tell a process its place: those of torchrun (<c>RANK</c>, <c>WORLD_SIZE</c>, <c>LOCAL_RANK</c>,
/// <c>MASTER_ADDR</c>, <c>MASTER_PORT</c>), else those of Slurm's srun (<c>SLURM_PROCID</c>, <c>SLURM_NTASKS</c>, <c>SLURM_LOCALID</c>).
/// </summary>
public static class LaunchEnvironment
{
    /// <summary>A secret of the job, beside what the launcher tells: ranks that do not have it are refused.</summary>
    public const string KeyVariable = "NATIVERETRIEVAL_JOB_KEY";

    const int FirstPort = 20_000, Ports = 12_000, UsualPort = 29_500;

    /// <summary>The place that the environment tells; null where it tells none.</summary>
    /// <param name="variable">The value of a variable; null where it is not set.</param>
    /// <exception cref="OptionException">Variables contradict each other or are no numbers.</exception>
    public static JobPlace? Find(Func<string, string?> variable) => new Reader(variable).Find();

    /// <summary>The first host of Slurm's list: <c>n[003-004,7],m1</c> begins with n003.</summary>
    internal static string FirstHost(string list)
    {
        int end = list.IndexOfAny(['[', ',']);
        if (end < 0 || list[end] == ',') return end < 0 ? list : list[..end];
        int close = list.IndexOf(']', end);
        string first = list[(end + 1)..(close < 0 ? list.Length : close)].Split(',', '-')[0];
        string rest = close < 0 ? "" : list[(close + 1)..].Split(',')[0];
        return list[..end] + first + (rest.Contains('[') ? FirstHost(rest) : rest);
    }

    sealed class Reader(Func<string, string?> variable)
    {
        public JobPlace? Find() => Torchrun() ?? Slurm();

        JobPlace? Torchrun()
        {
            if (Text("RANK") is null && Text("WORLD_SIZE") is null) return null;
            foreach (var (set, missing) in ((string, string)[])[("RANK", "WORLD_SIZE"), ("WORLD_SIZE", "RANK")])
                if (Text(missing) is null)
                    throw new OptionException($"{set} is set and {missing} is not; torchrun sets both: set {missing}, or unset {set}");
            // torchrun's agent keeps a store of its own at MASTER_PORT.
            int offset = Text("TORCHELASTIC_USE_AGENT_STORE") is "True" ? 1 : 0;
            return new()
            {
                Rank = Number("RANK"),
                WorldSize = Number("WORLD_SIZE"),
                LocalRank = OptionalNumber("LOCAL_RANK"),
                Coordinator = Master(offset),
                JobKey = Key(Text("TORCHELASTIC_RUN_ID")),
                Source = "RANK and WORLD_SIZE",
            };
        }

        JobPlace? Slurm()
        {
            // srun counts the tasks of its step; SLURM_NTASKS is also the number that was asked for with the job.
            string size = Text("SLURM_STEP_NUM_TASKS") is null ? "SLURM_NTASKS" : "SLURM_STEP_NUM_TASKS";
            if (Text("SLURM_PROCID") is null || Text(size) is null) return null;
            int worldSize = Number(size);
            string? job = Text("SLURM_JOB_ID"), step = Text("SLURM_STEP_ID");
            if (job is not null && step is null && worldSize > 1)
                throw new OptionException($"this is the batch script of Slurm job {PlainText.Short(job)}, which has {worldSize} tasks, and "
                    + "none of them; start it by srun, or with --world-size 1 to work on one rank");
            return new()
            {
                Rank = Number("SLURM_PROCID"),
                WorldSize = worldSize,
                LocalRank = OptionalNumber("SLURM_LOCALID"),
                Coordinator = Master(0) ?? FirstNode(job, step),
                JobKey = Key(job is null ? null : $"{job}.{step}"),
                Source = $"SLURM_PROCID and {size}",
            };
        }

        /// <summary>A port of the first node, where srun puts rank 0, that steps of other numbers do not take.</summary>
        Coordinator? FirstNode(string? job, string? step)
        {
            string? nodes = Text("SLURM_STEP_NODELIST") ?? Text("SLURM_JOB_NODELIST") ?? Text("SLURM_NODELIST");
            string? host = nodes is null ? Text("SLURM_LAUNCH_NODE_IPADDR") : FirstHost(nodes);
            if (host is null) return null;
            return long.TryParse(job, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                ? Coordinator.At(host, FirstPort + (int)((number + 7919 * (OptionalNumber("SLURM_STEP_ID") ?? 0)) % Ports))
                : Coordinator.At(host, UsualPort);
        }

        Coordinator? Master(int offset) =>
            Text("MASTER_ADDR") is { } host && Text("MASTER_PORT") is not null
                ? Coordinator.At(host, Number("MASTER_PORT") + offset) : null;

        string Key(string? job) => $"{Text(KeyVariable)}/{job}";

        string? Text(string name) => variable(name) is { Length: > 0 } text ? text : null;

        int? OptionalNumber(string name) => Text(name) is null ? null : Number(name);

        int Number(string name) =>
            int.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
                : throw new OptionException($"{name}={PlainText.Short(Text(name) ?? "")}: expected a number of at least 0");
    }
}
