using System.CommandLine;
using NativeRetrieval.Cli.Commands.TrainingRuns;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed;

namespace NativeRetrieval.Cli.Tests;

/// <summary>The place of a process among ranks: options, environment, and what contradicts.</summary>
public sealed class DistributedOptionsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("--world-size 1", "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1")]
    [InlineData("--world-size 1 --rank 0", "")]
    public void Alone(string options, string environment) => Assert.Null(Place(options, environment));

    [Theory]
    [InlineData("--world-size 2 --rank 1 --coordinator node1:29500", "", 1, 2, "node1:29500")]
    [InlineData("", "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=7", 1, 2, "a:7")]
    [InlineData("--coordinator b:8", "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=7", 1, 2, "b:8")]
    [InlineData("--world-size 2 --rank 1", "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=7", 1, 2, "a:7")]
    [InlineData("", "SLURM_PROCID=3 SLURM_NTASKS=4 SLURM_NODELIST=n[1-2]", 3, 4, "n1:29500")]
    public void Among_others(string options, string environment, int rank, int worldSize, string coordinator)
    {
        var place = Place(options, environment)!;
        Assert.Equal((rank, worldSize, coordinator), (place.Rank, place.WorldSize, place.Coordinator!.ToString()));
    }

    [Theory]
    [InlineData("--rank 1", "", "--rank is given: say how many ranks there are by --world-size")]
    [InlineData("--coordinator a:1", "", "--coordinator is given: say how many ranks there are by --world-size")]
    [InlineData("--world-size 2", "", "say which of them this one is by --rank")]
    [InlineData("--world-size 2 --rank 0", "", "say where the ranks meet by --coordinator")]
    [InlineData("--world-size 2 --rank 2 --coordinator a:1", "", "rank 2 of 2")]
    [InlineData("--world-size 2 --rank -1 --coordinator a:1", "", "rank -1 of 2")]
    [InlineData("--world-size 0", "", "--world-size 0: expected 1 to 4096")]
    [InlineData("--world-size 1 --rank 1", "", "there is rank 0 alone")]
    [InlineData("--world-size 1 --coordinator a:1", "", "there is nobody to meet")]
    [InlineData("--world-size 4", "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=7", "--world-size 4, but the environment says 2")]
    [InlineData("--rank 0", "SLURM_PROCID=1 SLURM_NTASKS=2", "--rank 0, but the environment says 1 (SLURM_PROCID and SLURM_NTASKS)")]
    [InlineData("", "RANK=1 WORLD_SIZE=2", "say where the ranks meet")]
    [InlineData("", "RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=7", "rank 2 of 2 (from RANK and WORLD_SIZE)")]
    [InlineData("", "RANK=1", "WORLD_SIZE is not")]
    public void Contradictions_are_refused(string options, string environment, string message) =>
        Assert.Contains(message, Assert.Throws<OptionException>(() => Place(options, environment)).Message);

    static JobPlace? Place(string options, string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=', 2))
            .ToDictionary(entry => entry[0], entry => entry[1]);
        var terminal = new Terminal(TextWriter.Null, TextWriter.Null, TimeProvider.System) { Variable = variables.GetValueOrDefault };
        var distributed = new DistributedOptions();
        var command = new Command("work");
        foreach (var option in distributed.Options) command.Add(option);
        return distributed.Place(command.Parse(options), terminal);
    }
}
