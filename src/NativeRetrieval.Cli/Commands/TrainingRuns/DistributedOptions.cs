using System.CommandLine;
using System.Reflection;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Distributed;
using NativeRetrieval.Distributed;

namespace NativeRetrieval.Cli.Commands.TrainingRuns;

/// <summary>
/// The place of this process among ranks that do one job: <c>--world-size</c>, <c>--rank</c>, <c>--coordinator</c>, or the environment of
/// torchrun or srun.
/// </summary>
internal sealed class DistributedOptions
{
    const string WorldSizeName = "--world-size", RankName = "--rank", CoordinatorName = "--coordinator";

    readonly Option<int?> _worldSize = new(WorldSizeName)
    {
        Description = "Number of processes (ranks) that do this together, one for each GPU or machine: start the same command on each. "
            + "1: alone, whatever the environment says. Default: from srun's or torchrun's environment, else 1.",
        HelpName = "N",
    };

    readonly Option<int?> _rank = new(RankName)
    {
        Description = "Number of this process among them, from 0. Default: from srun's or torchrun's environment.",
        HelpName = "R",
    };

    readonly Option<string?> _coordinator = new(CoordinatorName)
    {
        Description = "Where the ranks meet: a free port of rank 0's machine, or a file that all machines see, which rank 0 makes. "
            + "Default: from srun's or torchrun's environment.",
        HelpName = "HOST:PORT|FILE",
    };

    public IReadOnlyList<Option> Options => [_worldSize, _rank, _coordinator];

    /// <summary>
    /// Does a command's work together with the other ranks, or alone where there are none. What goes wrong here is made known to them.
    /// Ranks beside the first print errors only.
    /// </summary>
    /// <param name="work">Gets this process among the ranks; null: it works alone.</param>
    /// <exception cref="OptionException">Options or variables contradict each other.</exception>
    /// <exception cref="DistributedException">A rank does not come, dies, hangs, disagrees or gave up.</exception>
    public T Do<T>(ParseResult parsed, Terminal terminal, Func<Ranks?, T> work, CancellationToken cancellation)
    {
        using var ranks = Join(parsed, terminal, cancellation);
        return RankJob.Do(ranks?.Control, () => work(ranks));
    }

    /// <summary>Refuses several ranks where one alone does the work.</summary>
    /// <exception cref="OptionException">There are several.</exception>
    public void RequireAlone(ParseResult parsed, Terminal terminal, string what)
    {
        if (Place(parsed, terminal) is { WorldSize: > 1 } place)
            throw new OptionException($"{what}: one rank does this, and there are {place.WorldSize} (from {place.Source}); "
                + $"give {WorldSizeName} 1");
    }

    Ranks? Join(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        if (Place(parsed, terminal) is not { WorldSize: > 1 } place) return null;
        if (place.Rank > 0) terminal.Quiet = true;
        else terminal.Message($"waiting for {place.WorldSize - 1} other ranks at {place.Coordinator}");
        var group = TcpGroup.Join(new()
        {
            Rank = place.Rank,
            WorldSize = place.WorldSize,
            Coordinator = place.Coordinator!,
            JobKey = place.JobKey,
            Joining = terminal.Message,
            Facts = new Dictionary<string, string>
            {
                ["command"] = parsed.CommandResult.Command.Name,
                ["version"] =
                    typeof(Application).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            },
        }, cancellation);
        return new(group, place.LocalRank ?? group.LocalRank);
    }

    /// <summary>The place that options and environment tell together; null: none.</summary>
    internal JobPlace? Place(ParseResult parsed, Terminal terminal)
    {
        int? worldSize = parsed.GetValue(_worldSize), rank = parsed.GetValue(_rank);
        string? coordinator = parsed.GetValue(_coordinator);
        if (worldSize is < 1 or > TcpGroupOptions.LargestWorldSize)
            throw new OptionException($"{WorldSizeName} {worldSize}: expected 1 to {TcpGroupOptions.LargestWorldSize}");
        if (worldSize == 1)
        {
            if (rank is > 0) throw new OptionException($"{RankName} {rank}: with {WorldSizeName} 1 there is rank 0 alone");
            if (coordinator is not null) throw new OptionException($"{CoordinatorName}: with {WorldSizeName} 1 there is nobody to meet");
            return null;
        }
        var told = LaunchEnvironment.Find(terminal.Variable);
        Compare(WorldSizeName, worldSize, told?.WorldSize, told);
        Compare(RankName, rank, told?.Rank, told);
        if (worldSize is null && told is null)
        {
            if (rank is not null || coordinator is not null)
                throw new OptionException($"{(rank is null ? CoordinatorName : RankName)} is given: "
                    + $"say how many ranks there are by {WorldSizeName}");
            return null;
        }
        var place = new JobPlace
        {
            WorldSize = worldSize ?? told!.WorldSize,
            Rank = rank ?? told?.Rank
                ?? throw new OptionException($"{WorldSizeName} {worldSize}: say which of them this one is by {RankName}"),
            Coordinator = coordinator is null ? told?.Coordinator : Coordinator.Parse(coordinator),
            LocalRank = told?.LocalRank,
            JobKey = told?.JobKey ?? $"{terminal.Variable(LaunchEnvironment.KeyVariable)}/",
            Source = told?.Source ?? $"{RankName} and {WorldSizeName}",
        };
        if (place.WorldSize < 1 || place.Rank < 0 || place.Rank >= place.WorldSize)
            throw new OptionException($"rank {place.Rank} of {place.WorldSize} (from {place.Source}): ranks go from 0 to the "
                + "world size less 1");
        if (place is { WorldSize: > 1, Coordinator: null })
            throw new OptionException($"rank {place.Rank} of {place.WorldSize} (from {place.Source}): say where the ranks meet by "
                + $"{CoordinatorName} HOST:PORT, or name a file that all of them see");
        return place;
    }

    static void Compare(string option, int? given, int? told, JobPlace? place)
    {
        if (given is not null && told is not null && given != told)
            throw new OptionException($"{option} {given}, but the environment says {told} ({place!.Source}); leave out the option, or "
                + "unset the variables");
    }
}

/// <summary>This process among the ranks of a command.</summary>
/// <param name="LocalRank">The number of this rank on its machine: its GPU.</param>
internal sealed record Ranks(TcpGroup Control, int LocalRank) : IDisposable
{
    NcclGroup? _nccl;

    /// <summary>True for the rank that prints results.</summary>
    public bool IsFirst => Control.Rank == 0;

    /// <summary>The group that exchanges tensors of a device: NCCL's on GPUs, TCP's on the CPU.</summary>
    /// <exception cref="DistributedException">The ranks have devices of different kinds.</exception>
    public IProcessGroup On(Device device)
    {
        var cuda = device as CudaDevice;
        RankJob.RequireAgreement(Control, new Dictionary<string, string> { ["--device"] = cuda is null ? "cpu" : "cuda" });
        return cuda is null ? Control : _nccl ??= NcclGroup.Open(cuda, Control);
    }

    public void Dispose()
    {
        _nccl?.Dispose();
        Control.Dispose();
    }
}
