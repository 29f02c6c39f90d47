using NativeRetrieval.Distributed.Tests;
using NativeRetrieval.Distributed.Tests.Nccl;

if (args is [RankHost.Argument, var rank, var worldSize, var file]) return RankHost.Run(int.Parse(rank), int.Parse(worldSize), file);
if (args is [NcclHost.Argument, var number, var size, var place, var script])
    return NcclHost.Run(int.Parse(number), int.Parse(size), place, script);
if (args is [TrainingHost.Argument, var one, var all, var folder, var name, .. var options])
    return TrainingHost.Run(int.Parse(one), int.Parse(all), folder, name, options);

return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
