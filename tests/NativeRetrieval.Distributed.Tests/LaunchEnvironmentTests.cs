using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Distributed.Tests;

public sealed class LaunchEnvironmentTests
{
    [Fact]
    public void Torchrun_says_rank_size_and_place()
    {
        var place = Find("RANK=5 WORLD_SIZE=16 LOCAL_RANK=1 MASTER_ADDR=node1 MASTER_PORT=29500 "
            + "TORCHELASTIC_RUN_ID=run7 SLURM_PROCID=1 SLURM_NTASKS=2")!;
        Assert.Equal((5, 16, 1, "node1:29500"), (place.Rank, place.WorldSize, place.LocalRank, place.Coordinator!.ToString()));
        Assert.Equal("/run7", place.JobKey);
    }

    [Fact]
    public void The_port_of_torchruns_own_store_is_not_taken() => Assert.Equal("node1:29501",
        Find("RANK=0 WORLD_SIZE=2 MASTER_ADDR=node1 MASTER_PORT=29500 TORCHELASTIC_USE_AGENT_STORE=True")!.Coordinator!.ToString());

    [Fact]
    public void Slurm_says_rank_and_size_and_the_first_node_is_the_place()
    {
        var place = Find("SLURM_PROCID=3 SLURM_NTASKS=8 SLURM_LOCALID=3 SLURM_JOB_ID=12345 SLURM_STEP_ID=0 "
            + "SLURM_JOB_NODELIST=n[003-004,7],m1 NATIVERETRIEVAL_JOB_KEY=secret")!;
        Assert.Equal((3, 8, 3, "n003:20345"), (place.Rank, place.WorldSize, place.LocalRank, place.Coordinator!.ToString()));
        Assert.Equal("secret/12345.0", place.JobKey);
    }

    [Fact]
    public void Steps_of_one_job_meet_at_ports_of_their_own()
    {
        Assert.NotEqual(Step(0), Step(1));

        static int Step(int step) =>
            Find($"SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_JOB_ID=9 SLURM_STEP_ID={step} SLURM_STEP_NODELIST=a")!.Coordinator!.Port;
    }

    [Theory]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=2 SLURM_STEP_ID=1 SLURM_JOB_ID=7", 2, null)]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_LAUNCH_NODE_IPADDR=10.0.0.1", 2, "10.0.0.1:29500")]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_NODELIST=a MASTER_ADDR=b MASTER_PORT=7", 2, "b:7")]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=1 SLURM_JOB_ID=7", 1, null)]
    public void Other_forms_of_Slurm(string environment, int worldSize, string? coordinator)
    {
        var place = Find(environment)!;
        Assert.Equal((worldSize, coordinator), (place.WorldSize, place.Coordinator?.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SLURM_NTASKS=4 SLURM_JOB_ID=7")] // the shell of salloc
    [InlineData("RANK= WORLD_SIZE=")]
    [InlineData("MASTER_ADDR=node1 MASTER_PORT=29500")]
    public void An_environment_without_ranks_says_nothing(string environment) => Assert.Null(Find(environment));

    [Theory]
    [InlineData("RANK=1", "RANK is set and WORLD_SIZE is not")]
    [InlineData("WORLD_SIZE=2", "WORLD_SIZE is set and RANK is not")]
    [InlineData("RANK=one WORLD_SIZE=2", "RANK=one: expected a number")]
    [InlineData("RANK=-1 WORLD_SIZE=2", "RANK=-1: expected a number")]
    [InlineData("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=99999", "port 99999")]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=7", "the batch script of Slurm job 7, which has 4 tasks")]
    public void An_environment_that_contradicts_itself_is_refused(string environment, string message) =>
        Assert.Contains(message, Assert.Throws<OptionException>(() => Find(environment)).Message);

    [Theory]
    [InlineData("node1", "node1")]
    [InlineData("node1,node2", "node1")]
    [InlineData("n[1-3]", "n1")]
    [InlineData("n[001,005-7],m", "n001")]
    [InlineData("rack[1-2]n[03-04]-ib", "rack1n03-ib")]
    [InlineData("a-b,c[1-2]", "a-b")]
    public void The_first_host_of_a_list(string list, string host) => Assert.Equal(host, LaunchEnvironment.FirstHost(list));

    static JobPlace? Find(string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=', 2))
            .ToDictionary(entry => entry[0], entry => entry[1]);
        return LaunchEnvironment.Find(variables.GetValueOrDefault);
    }
}
